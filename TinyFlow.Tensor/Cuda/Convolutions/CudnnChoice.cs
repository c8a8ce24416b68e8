using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda.Convolutions;

/// <summary>The algorithm that was chosen for a pass, the bytes that it works in, and what its products may be rounded to.</summary>
internal sealed record CudnnChoice(int Algorithm, long WorkspaceBytes, CudnnMath Math)
{
    /// <summary>Of a pass that cuDNN has no algorithm for.</summary>
    public static CudnnChoice Refused { get; } = new(-1, 0, CudnnMath.Default);
}
