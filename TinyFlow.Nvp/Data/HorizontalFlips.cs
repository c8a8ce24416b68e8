namespace TinyFlow.Nvp.Data;

/// <summary>
/// Mirrors every other training image, left to right. Which ones, depends on the key (seed and epoch) and on each
/// image's number alone: not on batches or their order, so that a resumed run mirrors the same ones.
/// </summary>
internal static class HorizontalFlips
{
    /// <summary>Whether the image of a number is mirrored: the lowest bit of the first word of its own block.</summary>
    public static bool IsFlipped(int image, NoiseKey key) => (Philox.Block((ulong)image, key).Word0 & 1) != 0;

    /// <summary>Mirrors some of a batch's images in place.</summary>
    /// <param name="images">The images' numbers.</param>
    /// <param name="pixels">Their pixels, one image after the other, rows of <paramref name="width"/> bytes.</param>
    /// <param name="width">W.</param>
    /// <param name="key">Of the epoch's flips.</param>
    public static void Apply(ReadOnlySpan<int> images, Span<byte> pixels, int width, NoiseKey key)
    {
        int size = pixels.Length / images.Length;
        for (int i = 0; i < images.Length; i++)
        {
            if (IsFlipped(images[i], key))
            {
                Span<byte> image = pixels.Slice(i * size, size);
                for (int start = 0; start < size; start += width)
                {
                    image.Slice(start, width).Reverse();
                }
            }
        }
    }
}
