namespace TinyFlow.Nvp.Checkpoints;

/// <summary>
/// Replaces files so that a crash, a full disk or a pulled plug leaves the old content or the new one, and never a mixture:
/// the new content goes to a temporary file beside the old one, to the disk, and then takes its name.
/// </summary>
public static class AtomicFile
{
    // One fixed name, so that what a killed process left behind is overwritten by the next and does not pile up.
    private const string TemporaryEnding = ".tmp";

    /// <summary>Writes a file by a function that fills a stream. Where the path is a link, what it points to is replaced.</summary>
    /// <exception cref="CheckpointException">The file cannot be written; the old one, if any, is as it was.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string? temporary = null;
        try
        {
            string target = Target(path), beside = target + TemporaryEnding;
            using (FileStream stream = new(beside, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                // From here on it is ours to remove: another process' would have refused to be opened.
                temporary = beside;
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(beside, target, overwrite: true);
        }
        catch (Exception e)
        {
            Remove(temporary);
            if (e is IOException and not CheckpointException or UnauthorizedAccessException or NotSupportedException)
            {
                string old = File.Exists(path) ? " The old file is unchanged." : "";
                throw new CheckpointException($"{path}: the file cannot be written: {FileProblems.Describe(e)}.{old}", e);
            }

            throw;
        }
    }

    /// <summary>Writes a file with the given bytes.</summary>
    /// <exception cref="CheckpointException">The file cannot be written; the old one, if any, is as it was.</exception>
    public static void Write(string path, ReadOnlyMemory<byte> bytes) => Write(path, stream => stream.Write(bytes.Span));

    private static string Target(string path)
    {
        FileInfo file = new(path);
        if (Directory.Exists(path))
        {
            throw new CheckpointException($"{path}: the file cannot be written: there is a folder of this name.");
        }

        return file.LinkTarget is null ? path : file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
    }

    private static void Remove(string? temporary)
    {
        try
        {
            if (temporary is not null)
            {
                File.Delete(temporary);
            }
        }
        catch (Exception e) when (FileProblems.IsExpected(e))
        {
            // Where it could not be created it cannot be deleted: the first problem is the one to report.
        }
    }
}
