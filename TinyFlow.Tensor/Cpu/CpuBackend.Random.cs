using TinyFlow.Cpu.Noise;
using TinyFlow.Cpu.Threads;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    // Random numbers cost more than a plain element: smaller pieces are worth handing over.
    private const int NoiseGrain = Pieces.Grain / 4;

    /// <inheritdoc/>
    public override void Uniform(NoiseKey key, Tensor y)
    {
        Pieces pieces = new(1, y.Count, NoiseGrain);
        _workers.Run(pieces.Count, new UniformWork(key, Out(y), pieces));
    }

    /// <inheritdoc/>
    public override void Normal(NoiseKey key, Tensor y)
    {
        Pieces pieces = new(1, y.Count, NoiseGrain);
        Run(pieces.Count, new NormalWork(key, Out(y), pieces));
    }

    /// <inheritdoc/>
    public override void Dequantize(ReadOnlySpan<byte> pixels, ReadOnlySpan<int> images, NoiseKey key, Tensor x)
    {
        long size = images.Length == 0 ? 0 : x.Count / images.Length;
        Pieces pieces = new(images.Length, size, NoiseGrain);
        fixed (byte* bytes = pixels)
        fixed (int* numbers = images)
        {
            _workers.Run(pieces.Count, new DequantizeWork(bytes, numbers, size, key, Out(x), pieces));
        }
    }
}
