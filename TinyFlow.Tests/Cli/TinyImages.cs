using TinyFlow.Tests.Files;

namespace TinyFlow.Tests.Cli;

/// <summary>A folder of few square images of random pixels, in MNIST's files.</summary>
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
}
