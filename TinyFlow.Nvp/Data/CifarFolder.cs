namespace TinyFlow.Nvp.Data;

/// <summary>
/// A folder with the files of CIFAR-10's binary version (Krizhevsky 2009), https://www.cs.toronto.edu/~kriz/cifar.html:
/// five batches of training images and one of test images.
/// </summary>
internal sealed class CifarFolder(string path) : IImageFolder
{
    /// <summary>Which files make such a folder, in words.</summary>
    public const string Files = "data_batch_1.bin to data_batch_5.bin, test_batch.bin";

    /// <summary>Below a folder, where its files may be: there, or as the archive unpacks.</summary>
    public static readonly string[] Places = ["", "cifar-10-batches-bin"];

    private const string Test = "test_batch.bin";

    private static readonly string[] Training = [.. Enumerable.Range(1, 5).Select(number => $"data_batch_{number}.bin")];

    /// <summary>Whether any of the files is there.</summary>
    public static bool IsOne(string path) => Place(path) is not null;

    /// <inheritdoc/>
    public ImageSet ReadTraining() => CifarReader.Read($"{path}, training", Find(Training));

    /// <inheritdoc/>
    public ImageSet ReadTest() => CifarReader.Read($"{path}, test", Find([Test]));

    private static string? Place(string path) =>
        Places.Select(place => Path.Combine(path, place)).FirstOrDefault(folder => Training.Append(Test).Any(file => File.Exists(Path.Combine(folder, file))));

    private string[] Find(string[] files)
    {
        string folder = Place(path) ?? path;
        string[] missing = [.. files.Where(file => !File.Exists(Path.Combine(folder, file)))];
        return missing.Length == 0
            ? [.. files.Select(file => Path.Combine(folder, file))]
            : throw new DataException(
                $"{folder}: {string.Join(", ", missing)} {(missing.Length == 1 ? "is" : "are")} missing; CIFAR-10's binary version has {Files}. {ImageFolder.Contents(folder)}. Unpack cifar-10-binary.tar.gz again.");
    }
}
