using TinyFlow.Tests.Files;

namespace TinyFlow.Tests.Cli;

/// <summary>Folders of few images of random pixels, in MNIST's files or CIFAR-10's.</summary>
internal static class TinyImages
{
    public static void Write(string folder, int side, int training, int test)
    {
        Random random = new(1);
        foreach ((string prefix, int count) in (ReadOnlySpan<(string, int)>)[("train", training), ("t10k", test)])
        {
            byte[] pixels = new byte[count * side * side];
            random.NextBytes(pixels);
            File.WriteAllBytes(Path.Combine(folder, $"{prefix}-images-idx3-ubyte"), IdxTests.Idx([count, side, side], pixels));
            File.WriteAllBytes(Path.Combine(folder, $"{prefix}-labels-idx1-ubyte"), IdxTests.Idx([count], new byte[count]));
        }
    }

    /// <summary>Five batches of so many images, and as many to test on.</summary>
    public static void WriteCifar(string folder, int imagesInABatch)
    {
        Random random = new(1);
        foreach (string name in (string[])[.. Enumerable.Range(1, 5).Select(number => $"data_batch_{number}.bin"), "test_batch.bin"])
        {
            File.WriteAllBytes(Path.Combine(folder, name), [.. Enumerable.Range(0, imagesInABatch).SelectMany(_ => CifarTests.Record((byte)random.Next(10), random))]);
        }
    }
}
