namespace TinyFlow.Cuda;

/// <summary>A library that a GPU needs is missing or too old: what was tried, and what to install.</summary>
public sealed class CudaUnavailableException : Exception
{
    internal CudaUnavailableException(string message) : base(message)
    {
    }
}
