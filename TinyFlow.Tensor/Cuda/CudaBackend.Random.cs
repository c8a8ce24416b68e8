using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Cuda.Arguments;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    /// <inheritdoc/>
    public void Uniform(NoiseKey key, Tensor y) => LaunchNoise("tf_uniform", key, y);

    /// <inheritdoc/>
    public void Normal(NoiseKey key, Tensor y) => LaunchNoise("tf_normal", key, y);

    /// <inheritdoc/>
    public void Dequantize(ReadOnlySpan<byte> pixels, ReadOnlySpan<int> images, NoiseKey key, Tensor x)
    {
        if (x.Count == 0)
        {
            return;
        }

        long size = x.Count / images.Length, quads = Quads.Count(size);
        using Tensor bytes = Scratch([checked((int)((pixels.Length + sizeof(float) - 1) / sizeof(float)))]), numbers = Scratch([images.Length]);
        _staging.Send(pixels, Address(bytes));
        _staging.Send(images, Address(numbers));
        DequantizeArguments arguments = new()
        {
            Pixels = Address(bytes),
            Images = Address(numbers),
            X = Address(x),
            Count = images.Length,
            Size = size,
            Quads = new Divisor(quads),
            Key = key,
        };
        arguments.Vectors = size % Quads.Size == 0 ? Quads.AreVectors(arguments.X) : 0;
        Launch("tf_dequantize", LaunchGrid.Over(images.Length * quads), arguments);
    }

    private void LaunchNoise(string kernel, NoiseKey key, Tensor y)
    {
        NoiseArguments arguments = new() { Y = Address(y), Count = y.Count, Key = key };
        arguments.Vectors = Quads.AreVectors(arguments.Y);
        Launch(kernel, LaunchGrid.Over(y.Count == 0 ? 0 : Quads.Count((long)(key.Offset % Quads.Size) + y.Count)), arguments);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct NoiseArguments
    {
        public ulong Y;
        public long Count;
        public NoiseKey Key;
        public int Vectors;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct DequantizeArguments
    {
        public ulong Pixels, Images, X;
        public long Count, Size;
        public Divisor Quads;
        public NoiseKey Key;
        public int Vectors;
    }
}
