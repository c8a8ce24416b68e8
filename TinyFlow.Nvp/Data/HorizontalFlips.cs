namespace TinyFlow.Nvp.Data;

/// <summary>
/// Mirrors every other training image, left to right. Which ones, depends on the key (seed and epoch) and on each
/// image's number alone: not on batches or their order, so that a resumed run mirrors the same ones.
/// </summary>
internal static class HorizontalFlips
{
    /// <summary>Whether the image of a number is mirrored: the lowest bit of the first word of its own block.</summary>
    public static bool IsFlipped(int image, NoiseKey key) => (Philox.Block((ulong)image, key).Word0 & 1) != 0;

    /// <summary>An image's number as <see cref="IBackend.Dequantize(PixelStore, Tensor, Tensor, Tensor?, NoiseKey, Tensor)"/> takes it: negative if it is mirrored.</summary>
    public static int Numbered(int image, NoiseKey key) => IsFlipped(image, key) ? -1 - image : image;
}
