namespace TinyFlow.Nvp.Data;

/// <summary>
/// Images to train, validate and test on. The last sixth of the published training images validates (10,000 of MNIST's
/// 60,000); the test images are not even read before a final evaluation asks for them.
/// </summary>
public sealed class DataSource
{
    /// <summary>The name of the digits that come with the program.</summary>
    public const string Mini = "mini";

    private const int ValidationShare = 6;

    private readonly Func<ImageSet> _readTest;
    private ImageSet? _test;

    /// <summary>Images of one's own.</summary>
    /// <param name="name">What messages call it.</param>
    /// <param name="published">The images to train on; their last sixth is to validate.</param>
    /// <param name="readTest">Reads the images for a final figure, when it is asked for them.</param>
    /// <exception cref="DataException">There are fewer than two images.</exception>
    public DataSource(string name, ImageSet published, Func<ImageSet> readTest)
    {
        if (published.Count < 2)
        {
            throw new DataException($"{published.Name}: there is only 1 image; one to train on and one to validate on are needed at least.");
        }

        int validation = Math.Max(1, published.Count / ValidationShare);
        Name = name;
        Published = published;
        Training = published.Slice(0, published.Count - validation, $"{name}, training");
        Validation = published.Slice(published.Count - validation, validation, $"{name}, validation");
        _readTest = readTest;
    }

    /// <summary>What the user called it: "mini" or a folder.</summary>
    public string Name { get; }

    /// <summary>All training images as published: <see cref="Training"/> and then <see cref="Validation"/>.</summary>
    public ImageSet Published { get; }

    /// <summary>The images to train on.</summary>
    public ImageSet Training { get; }

    /// <summary>The images to choose models by.</summary>
    public ImageSet Validation { get; }

    /// <summary>
    /// Reads the training and validation images: "mini" for those that come with the program, or a folder with the files of
    /// MNIST's format or of CIFAR-10's binary version.
    /// </summary>
    /// <exception cref="DataException">The folder or a file is missing, damaged or of another kind.</exception>
    public static DataSource Open(string name)
    {
        if (name == Mini)
        {
            return new DataSource(name, MiniMnist.ReadTraining(), MiniMnist.ReadTest);
        }

        IImageFolder folder = ImageFolder.Open(name);
        return new DataSource(name, folder.ReadTraining(), folder.ReadTest);
    }

    /// <summary>Whether there are files of MNIST's format or of CIFAR-10's binary version in a folder, all of them or some.</summary>
    public static bool IsPublished(string folder) => ImageFolder.IsOne(folder);

    /// <summary>The images for a final figure; read at the first call.</summary>
    /// <exception cref="DataException">A file is missing, damaged or of another kind, or the images are not of the training images' size.</exception>
    public ImageSet Test()
    {
        ImageSet test = _test ??= _readTest();
        return (test.Channels, test.Height, test.Width) == (Published.Channels, Published.Height, Published.Width)
            ? test
            : throw new DataException($"{Name}: the test images are {test.Channels}x{test.Height}x{test.Width}, but the training images {Published.Channels}x{Published.Height}x{Published.Width}; they do not belong together.");
    }
}
