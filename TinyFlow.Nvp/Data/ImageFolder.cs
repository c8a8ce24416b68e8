using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Nvp.Data;

/// <summary>Tells kinds of folders of images apart, by the files in them.</summary>
internal static class ImageFolder
{
    private static readonly string[] ArchiveEndings = [".tar.gz", ".tgz", ".tar", ".zip"];

    /// <summary>Whether any file of a kind that is known is in a folder.</summary>
    public static bool IsOne(string path) => IdxFolder.IsOne(path) || CifarFolder.IsOne(path);

    /// <summary>The data set in a folder.</summary>
    /// <exception cref="DataException">There is no such folder, or no data set or more than one in it.</exception>
    public static IImageFolder Open(string path)
    {
        Require(path);
        return (IdxFolder.IsOne(path), CifarFolder.IsOne(path)) switch
        {
            (true, false) => new IdxFolder(path),
            (false, true) => new CifarFolder(path),
            (true, true) => throw new DataException($"{path}: the folder holds files of MNIST's format and of CIFAR-10's; {Contents(path)}. Give a folder with one of them."),
            _ => throw new DataException(
                $"{path}: no images were found. Looked for MNIST's files (train-images-idx3-ubyte and three more, gzipped or not) and for CIFAR-10's ({CifarFolder.Files}), " +
                $"there and below in {string.Join(", ", IdxFolder.Places.Concat(CifarFolder.Places).Where(place => place.Length > 0))}; {Contents(path)}.{Advice(path)}"),
        };
    }

    /// <summary>Checks that a folder exists.</summary>
    /// <exception cref="DataException">It does not.</exception>
    public static void Require(string path)
    {
        if (File.Exists(path))
        {
            throw new DataException($"{path}: this is a file; give the folder that holds the images.{(IsArchive(path) ? " " + Unpack(path) : "")}");
        }

        if (!Directory.Exists(path))
        {
            throw new DataException($"{path}: there is no such folder; it should hold images (docs/data.md). If it has moved, say where with --data. For the digits that come with TinyFlow, use 'mini'.");
        }
    }

    /// <summary>What a folder holds, to be put after a semicolon.</summary>
    public static string Contents(string path)
    {
        const int Most = 8;
        try
        {
            string[] names = [.. Names(path).Take(Most + 1).Order(StringComparer.Ordinal)];
            return names.Length switch
            {
                0 => "the folder is empty",
                <= Most => $"the folder holds {string.Join(", ", names)}",
                _ => $"the folder holds {string.Join(", ", names[..Most])} and more",
            };
        }
        catch (Exception e) when (FileProblems.IsExpected(e))
        {
            return $"the folder cannot be listed: {FileProblems.Describe(e)}";
        }
    }

    // What people most often have instead: the archive as it was downloaded, or the version for Python.
    private static string Advice(string path)
    {
        try
        {
            if (Names(path).Where(IsArchive).Order(StringComparer.Ordinal).FirstOrDefault() is { } archive)
            {
                return " " + Unpack(Path.Combine(path, archive));
            }

            const string Batch = "data_batch_1", ForPython = "cifar-10-batches-py";
            bool isForPython = Path.Exists(Path.Combine(path, ForPython)) || File.Exists(Path.Combine(path, Batch));
            return isForPython ? " CIFAR-10's version for Python is there; get its binary version, cifar-10-binary.tar.gz." : "";
        }
        catch (Exception e) when (FileProblems.IsExpected(e))
        {
            return "";
        }
    }

    private static IEnumerable<string> Names(string path) => Directory.EnumerateFileSystemEntries(path).Select(entry => Path.GetFileName(entry));

    private static bool IsArchive(string path) => ArchiveEndings.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    private static string Unpack(string archive) =>
        $"{Path.GetFileName(archive)} is still packed: unpack it first ({(archive.EndsWith(".zip", StringComparison.OrdinalIgnoreCase) ? "unzip" : "tar -xf")} \"{archive}\"), and give the folder that comes out of it.";
}
