using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Nvp.Data;

/// <summary>A folder with the four files in which MNIST and its relatives are published, gzipped or not.</summary>
public sealed class IdxFolder
{
    // The files themselves, or where torchvision puts them below the folder that it is given.
    private static readonly string[] Places = ["", "raw", Path.Combine("MNIST", "raw")];

    private readonly string _path;

    /// <summary>A folder; it is looked into when a set is read.</summary>
    public IdxFolder(string path) => _path = path;

    /// <summary>The training images and labels.</summary>
    /// <exception cref="DataException">The folder or a file is missing, damaged or of another kind.</exception>
    public ImageSet ReadTraining() => Read("train", "training");

    /// <summary>The test images and labels.</summary>
    /// <exception cref="DataException">The folder or a file is missing, damaged or of another kind.</exception>
    public ImageSet ReadTest() => Read("t10k", "test");

    private ImageSet Read(string prefix, string set)
    {
        string images = Find($"{prefix}-images", "idx3-ubyte", $"{set} images");
        string labels = Find($"{prefix}-labels", "idx1-ubyte", $"{set} labels");
        return IdxReader.ReadImages($"{_path}, {set}", images, labels);
    }

    private string Find(string stem, string kind, string what)
    {
        if (File.Exists(_path))
        {
            throw new DataException($"{_path}: this is a file; give the folder that holds the four MNIST files.");
        }

        if (!Directory.Exists(_path))
        {
            throw new DataException($"{_path}: there is no such folder; it should hold the four MNIST files. For the digits that come with TinyFlow, use 'mini'.");
        }

        string[] names = [$"{stem}-{kind}", $"{stem}.{kind}", $"{stem}-{kind}.gz", $"{stem}.{kind}.gz"];
        foreach (string place in Places)
        {
            foreach (string name in names)
            {
                string path = Path.Combine(_path, place, name);
                if (File.Exists(path))
                {
                    return path;
                }
            }
        }

        throw new DataException($"{_path}: the file of {what} is missing. Looked for {string.Join(", ", names)} there and below in {string.Join(" and ", Places[1..])}; {Contents()}.");
    }

    private string Contents()
    {
        const int Most = 8;
        try
        {
            string[] names = [.. Directory.EnumerateFileSystemEntries(_path).Take(Most + 1).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
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
}
