namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void Uniform(NoiseKey key, Tensor y)
    {
        Span<double> ys = Span(y);
        for (int i = 0; i < ys.Length; i++)
        {
            ys[i] = Philox.Uniform(key, (ulong)i);
        }
    }

    /// <inheritdoc/>
    public override void Normal(NoiseKey key, Tensor y)
    {
        Span<double> ys = Span(y);
        for (int i = 0; i < ys.Length; i++)
        {
            ys[i] = Philox.Normal(key, (ulong)i);
        }
    }

    /// <inheritdoc/>
    public override void Dequantize(ReadOnlySpan<byte> pixels, ReadOnlySpan<int> images, NoiseKey key, Tensor x)
    {
        // 8 bits of pixel and 24 of noise fit a float64, so that floor(256·x) is the pixel. A float32 must stop at the
        // largest number below pixel + 1.
        Span<double> xs = Span(x);
        int size = images.Length == 0 ? 0 : xs.Length / images.Length;
        for (int i = 0; i < xs.Length; i++)
        {
            ulong number = (ulong)images[i / size] * (ulong)size + (ulong)(i % size);
            xs[i] = (pixels[i] + Philox.Uniform(key, number)) / 256;
        }
    }
}
