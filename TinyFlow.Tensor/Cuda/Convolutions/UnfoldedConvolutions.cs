using System.Runtime.InteropServices;
using TinyFlow.Cuda.Products;

namespace TinyFlow.Cuda.Convolutions;

/// <summary>
/// Convolutions as matrix products, by cuBLAS: an image is unfolded to a matrix [C·R·S, H'·W'] with, for each tap of the
/// kernel, the pixels that meet it (im2col). Slower than cuDNN, and takes memory; works where cuDNN does not.
/// </summary>
internal sealed class UnfoldedConvolutions : IConvolutions
{
    // The most elements of unfolded images at a time: 64 MB.
    private const long MostUnfolded = 16 << 20;

    private readonly CudaBackend _backend;

    /// <summary>Convolutions on a backend, and why it has no better ones.</summary>
    public UnfoldedConvolutions(CudaBackend backend, string reason)
    {
        _backend = backend;
        Description = $"matrix products: {reason}";
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public void Forward(in ConvolutionGeometry geometry, ulong x, ulong weight, ulong bias, ulong y)
    {
        int filters = geometry.OutputChannels, pixels = geometry.OutputPixels, taps = Taps(geometry);
        long outputs = (long)filters * pixels, inputs = (long)geometry.InputChannels * geometry.InputPixels;
        foreach ((int first, int images) in Chunks(geometry))
        {
            using Unfolded unfolded = Unfold(geometry, x + Bytes(first * inputs), images);
            _backend.Products.Multiply(
                new RowMajor(weight), new RowMajor(unfolded.Address, BatchStride: unfolded.ImageStride), y + Bytes(first * outputs),
                images, filters, pixels, taps, adds: false);
        }

        if (bias != 0)
        {
            _backend.AddBias(geometry, bias, y);
        }
    }

    /// <inheritdoc/>
    public void InputGradient(in ConvolutionGeometry geometry, ulong dy, ulong weight, ulong dx, bool adds)
    {
        int filters = geometry.OutputChannels, pixels = geometry.OutputPixels, taps = Taps(geometry);
        long outputs = (long)filters * pixels, inputs = (long)geometry.InputChannels * geometry.InputPixels;
        RowMajor turned = new(weight, IsTransposed: true);
        foreach ((int first, int images) in Chunks(geometry))
        {
            RowMajor gradient = new(dy + Bytes(first * outputs), BatchStride: outputs);
            ulong chunk = dx + Bytes(first * inputs);
            if (IsUnfolded(geometry))
            {
                _backend.Products.Multiply(turned, gradient, chunk, images, taps, pixels, filters, adds);
                continue;
            }

            using Tensor columns = _backend.Scratch([images, taps, pixels]);
            _backend.Products.Multiply(turned, gradient, CudaBackend.Address(columns), images, taps, pixels, filters, adds: false);
            UnfoldArguments arguments = Arguments(geometry, chunk, CudaBackend.Address(columns), images, adds);
            _backend.Launch("tf_fold", LaunchGrid.Over(images * inputs), arguments);
        }
    }

    /// <inheritdoc/>
    public void WeightGradient(in ConvolutionGeometry geometry, ulong x, ulong dy, ulong dweight, bool adds)
    {
        int filters = geometry.OutputChannels, pixels = geometry.OutputPixels, taps = Taps(geometry);
        long outputs = (long)filters * pixels, inputs = (long)geometry.InputChannels * geometry.InputPixels;
        foreach ((int first, int images) in Chunks(geometry))
        {
            using Unfolded unfolded = Unfold(geometry, x + Bytes(first * inputs), images);
            using Tensor each = _backend.Scratch([images, filters, taps]);
            _backend.Products.Multiply(
                new RowMajor(dy + Bytes(first * outputs), BatchStride: outputs),
                new RowMajor(unfolded.Address, IsTransposed: true, unfolded.ImageStride), CudaBackend.Address(each),
                images, filters, taps, pixels, adds: false);
            _backend.SumTerms(CudaBackend.Address(each), images, dweight, (long)filters * taps, adds || first > 0);
        }
    }

    public void Dispose()
    {
    }

    // The rows of an unfolded image.
    private static int Taps(in ConvolutionGeometry geometry) => geometry.InputChannels * geometry.KernelHeight * geometry.KernelWidth;

    // Whether an image is its own unfolding.
    private static bool IsUnfolded(in ConvolutionGeometry geometry) =>
        geometry is { KernelHeight: 1, KernelWidth: 1, PaddingY: 0, PaddingX: 0, IsDense: true };

    // So many images at a time that their unfoldings, and their gradients of the weight, stay small.
    private static IEnumerable<(int First, int Images)> Chunks(ConvolutionGeometry geometry)
    {
        long each = (long)Taps(geometry) * Math.Max(geometry.OutputPixels, geometry.OutputChannels);
        int most = (int)Math.Clamp(MostUnfolded / each, 1, geometry.Images);
        for (int first = 0; first < geometry.Images; first += most)
        {
            yield return (first, Math.Min(most, geometry.Images - first));
        }
    }

    private Unfolded Unfold(in ConvolutionGeometry geometry, ulong x, int images)
    {
        long stride = (long)Taps(geometry) * geometry.OutputPixels;
        if (IsUnfolded(geometry))
        {
            return new Unfolded(x, stride, null);
        }

        Tensor columns = _backend.Scratch([images, Taps(geometry), geometry.OutputPixels]);
        UnfoldArguments arguments = Arguments(geometry, x, CudaBackend.Address(columns), images, adds: false);
        _backend.Launch("tf_unfold", LaunchGrid.Over(columns.Count), arguments);
        return new Unfolded(CudaBackend.Address(columns), stride, columns);
    }

    private static UnfoldArguments Arguments(in ConvolutionGeometry geometry, ulong image, ulong columns, int images, bool adds) => new()
    {
        Image = image,
        Columns = columns,
        Images = images,
        Channels = geometry.InputChannels,
        Height = geometry.InputHeight,
        Width = geometry.InputWidth,
        OutputHeight = geometry.OutputHeight,
        OutputWidth = geometry.OutputWidth,
        KernelHeight = geometry.KernelHeight,
        KernelWidth = geometry.KernelWidth,
        StrideY = geometry.StrideY,
        StrideX = geometry.StrideX,
        PaddingY = geometry.PaddingY,
        PaddingX = geometry.PaddingX,
        Adds = adds ? 1 : 0,
    };

    private static ulong Bytes(long elements) => (ulong)elements * sizeof(float);

    /// <summary>Unfolded images, and the memory that they are in if they have their own.</summary>
    private readonly record struct Unfolded(ulong Address, long ImageStride, Tensor? Columns) : IDisposable
    {
        public void Dispose() => Columns?.Dispose();
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct UnfoldArguments
    {
        public ulong Image, Columns;
        public int Images, Channels, Height, Width, OutputHeight, OutputWidth, KernelHeight, KernelWidth, StrideY, StrideX, PaddingY, PaddingX;
        public int Adds;
    }
}
