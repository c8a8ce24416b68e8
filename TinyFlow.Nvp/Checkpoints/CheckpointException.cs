namespace TinyFlow.Nvp.Checkpoints;

/// <summary>
/// A checkpoint, or another file of a run, cannot be read or written. The message is a sentence for the user that
/// names the file and what is wrong with it; programs that catch <see cref="IOException"/> catch this too.
/// </summary>
public sealed class CheckpointException : IOException
{
    /// <summary>An exception without a message; prefer one that names the file.</summary>
    public CheckpointException()
    {
    }

    /// <summary>A problem described by a sentence.</summary>
    public CheckpointException(string message)
        : base(message)
    {
    }

    /// <summary>A problem described by a sentence, with its technical cause.</summary>
    public CheckpointException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
