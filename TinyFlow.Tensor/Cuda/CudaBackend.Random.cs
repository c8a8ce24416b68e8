using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Cuda.Arguments;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    /// <inheritdoc/>
    public void Uniform(NoiseKey key, Tensor y) => LaunchNoise("tf_uniform", key, null, y);

    /// <inheritdoc/>
    public void Normal(NoiseKey key, Tensor y) => LaunchNoise("tf_normal", key, null, y);

    /// <inheritdoc/>
    public void Normal(NoiseKey key, Tensor first, Tensor y) => LaunchNoise("tf_normal", key, first, y);

    /// <inheritdoc/>
    public void Dequantize(ReadOnlySpan<byte> pixels, ReadOnlySpan<int> images, NoiseKey key, Tensor x)
    {
        if (x.Count == 0)
        {
            return;
        }

        using Tensor bytes = Upload(pixels, "pixels"), numbers = Scratch([images.Length]);
        _staging.Send(images, Address(numbers));
        Dequantize(new DequantizeArguments { Pixels = Address(bytes), Images = Address(numbers), Key = key }, x);
    }

    /// <inheritdoc/>
    public PixelStore Store(ReadOnlyMemory<byte> pixels, int dimensions) => new DevicePixels(this, pixels.Span, dimensions);

    /// <inheritdoc/>
    public void Dequantize(PixelStore store, Tensor order, Tensor first, Tensor? draw, NoiseKey key, Tensor x) => Dequantize(
        new DequantizeArguments
        {
            Pixels = Address(((DevicePixels)store).Bytes),
            Order = Address(order),
            First = Address(first),
            Draw = draw is null ? 0 : Address(draw),
            Key = key,
        },
        x);

    /// <summary>Bytes in the memory of elements; the caller disposes it.</summary>
    internal Tensor Upload(ReadOnlySpan<byte> bytes, string label)
    {
        Tensor memory = Allocate([checked((int)(((long)bytes.Length + sizeof(float) - 1) / sizeof(float)))], label);
        _staging.Send(bytes, Address(memory));
        return memory;
    }

    private void Dequantize(DequantizeArguments arguments, Tensor x)
    {
        if (x.Count == 0)
        {
            return;
        }

        long size = x.Count / x.Shape[0], quads = Quads.Count(size);
        (arguments.X, arguments.Count, arguments.Size, arguments.Quads) = (Address(x), x.Shape[0], size, new Divisor(quads));
        arguments.Width = x.Shape[x.Shape.Rank - 1];
        arguments.Vectors = size % Quads.Size == 0 ? Quads.AreVectors(arguments.X) : 0;
        Launch("tf_dequantize", LaunchGrid.Over(x.Shape[0] * quads), arguments);
    }

    private void LaunchNoise(string kernel, NoiseKey key, Tensor? first, Tensor y)
    {
        if (y.Count == 0)
        {
            return;
        }

        NoiseArguments arguments = new() { Y = Address(y), Count = y.Count, Key = key };
        if (first is not null)
        {
            (arguments.First, arguments.Size) = (Address(first), y.Count / y.Shape[0]);
        }

        arguments.Vectors = Quads.AreVectors(arguments.Y);
        Launch(kernel, LaunchGrid.Over(Quads.Count((long)(key.Offset % Quads.Size) + y.Count)), arguments);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct NoiseArguments
    {
        public ulong Y, First;
        public long Count, Size;
        public NoiseKey Key;
        public int Vectors;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct DequantizeArguments
    {
        public ulong Pixels, Images, Order, First, Draw, X;
        public long Count, Size, Width;
        public Divisor Quads;
        public NoiseKey Key;
        public int Vectors;
    }
}
