namespace TinyFlow.Nvp.Data;

/// <summary>From pixels to what a flow models.</summary>
internal static class Dequantization
{
    /// <summary>x [N, C, H, W] = (pixel + u)/256 of the images of those numbers in a set; the noise follows from key and number. The caller disposes it.</summary>
    /// <param name="backend">Who computes it.</param>
    /// <param name="set">The set that the numbers count in.</param>
    /// <param name="images">The numbers.</param>
    /// <param name="pixels">The pixels of these images.</param>
    /// <param name="key">The stream of the noise.</param>
    /// <param name="label">What it is for, in messages.</param>
    public static Tensor Of(IBackend backend, ImageSet set, ReadOnlySpan<int> images, ReadOnlySpan<byte> pixels, NoiseKey key, string label)
    {
        Tensor x = backend.Allocate([images.Length, set.Channels, set.Height, set.Width], label);
        backend.Dequantize(pixels, images, key, x);
        return x;
    }
}
