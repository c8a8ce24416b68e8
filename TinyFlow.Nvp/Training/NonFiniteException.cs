namespace TinyFlow.Nvp.Training;

/// <summary>A loss or gradient was infinite or not a number; the parameters are those of the step before.</summary>
public sealed class NonFiniteException : ArithmeticException
{
    /// <summary>An exception without a message; prefer one that names the step.</summary>
    public NonFiniteException()
    {
    }

    /// <summary>A problem described by a sentence.</summary>
    public NonFiniteException(string message)
        : base(message)
    {
    }

    /// <summary>A problem described by a sentence, with its cause.</summary>
    public NonFiniteException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
