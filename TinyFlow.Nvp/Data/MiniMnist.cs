using System.IO.Compression;

namespace TinyFlow.Nvp.Data;

/// <summary>
/// The digits that come with the program: 10,000 training and 2,000 test images of MNIST, as many of each class, chosen
/// and packed by <c>Data/mini/make-mini.cs</c>. Image i shows the digit i % 10. Y. LeCun, C. Cortes, C. J. C. Burges,
/// CC BY-SA 3.0; see docs/data.md.
/// </summary>
public static class MiniMnist
{
    private const string Resource = "mnist-mini.deflate";
    private const int Side = 28, Classes = 10, TrainingCount = 10_000, TestCount = 2_000;

    /// <summary>The 10,000 training images.</summary>
    public static ImageSet ReadTraining() => Read(0, TrainingCount, "mini, training");

    /// <summary>The 2,000 test images.</summary>
    public static ImageSet ReadTest() => Read(TrainingCount, TestCount, "mini, test");

    private static ImageSet Read(int start, int count, string name)
    {
        using Stream packed = typeof(MiniMnist).Assembly.GetManifestResourceStream(Resource)
            ?? throw new DataException($"The program was built without its digits ({Resource}). Build it again, or give a folder of MNIST files.");
        using DeflateStream stream = new(packed, CompressionMode.Decompress);

        // The test images follow the training images, so reading the latter leaves the former packed.
        byte[] pixels = new byte[(start + count) * Side * Side];
        stream.ReadExactly(pixels);
        byte[] labels = [.. Enumerable.Range(0, count).Select(i => (byte)(i % Classes))];
        return new ImageSet(name, 1, Side, Side, pixels.AsMemory(start * Side * Side), labels);
    }
}
