namespace TinyFlow.Nvp.Data;

/// <summary>A folder with the four files in which MNIST and its relatives are published, gzipped or not.</summary>
public sealed class IdxFolder : IImageFolder
{
    /// <summary>Below a folder, where its files may be: there, or where torchvision puts them.</summary>
    internal static readonly string[] Places = ["", "raw", Path.Combine("MNIST", "raw")];

    private const string Training = "train", Test = "t10k", Images = "idx3-ubyte", Labels = "idx1-ubyte";

    private readonly string _path;

    /// <summary>A folder; it is looked into when a set is read.</summary>
    public IdxFolder(string path) => _path = path;

    /// <summary>The training images and labels.</summary>
    /// <exception cref="DataException">The folder or a file is missing, damaged or of another kind.</exception>
    public ImageSet ReadTraining() => Read(Training, "training");

    /// <summary>The test images and labels.</summary>
    /// <exception cref="DataException">The folder or a file is missing, damaged or of another kind.</exception>
    public ImageSet ReadTest() => Read(Test, "test");

    /// <summary>Whether any of the files is there.</summary>
    internal static bool IsOne(string path) =>
        new[] { Training, Test }.Any(prefix => Look(path, [.. Names($"{prefix}-images", Images), .. Names($"{prefix}-labels", Labels)]) is not null);

    private ImageSet Read(string prefix, string set)
    {
        string images = Find($"{prefix}-images", Images, $"{set} images");
        string labels = Find($"{prefix}-labels", Labels, $"{set} labels");
        return IdxReader.ReadImages($"{_path}, {set}", images, labels);
    }

    private string Find(string stem, string kind, string what)
    {
        ImageFolder.Require(_path);
        string[] names = Names(stem, kind);
        return Look(_path, names) ?? throw new DataException(
            $"{_path}: the file of {what} is missing. Looked for {string.Join(", ", names)} there and below in {string.Join(" and ", Places[1..])}; {ImageFolder.Contents(_path)}.");
    }

    private static string[] Names(string stem, string kind) => [$"{stem}-{kind}", $"{stem}.{kind}", $"{stem}-{kind}.gz", $"{stem}.{kind}.gz"];

    private static string? Look(string path, string[] names) =>
        Places.SelectMany(place => names.Select(name => Path.Combine(path, place, name))).FirstOrDefault(File.Exists);
}
