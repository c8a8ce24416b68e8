namespace TinyFlow.Nvp.Data;

/// <summary>
/// Images cannot be read. The message is a sentence for the user that names the file or folder, what is wrong with it,
/// and what would be right; programs that catch <see cref="IOException"/> catch this too.
/// </summary>
public sealed class DataException : IOException
{
    /// <summary>An exception without a message; prefer one that names the file.</summary>
    public DataException()
    {
    }

    /// <summary>A problem described by a sentence.</summary>
    public DataException(string message)
        : base(message)
    {
    }

    /// <summary>A problem described by a sentence, with its technical cause.</summary>
    public DataException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
