using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Pixels;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <summary>Makes all convolutions use one kernel where it fits, for tests and measurements.</summary>
    internal ConvolutionKernel ForcedConvolution { get; set; } = ConvolutionKernel.Automatic;

    /// <inheritdoc/>
    public override void Conv2D(Tensor x, Tensor weight, Tensor? bias, Tensor y, ConvolutionWindow window) =>
        Convolve(x.Shape, Activations(x), weight, bias, y, window, statistics: null);

    /// <inheritdoc/>
    public void Conv2D(Tensor x, ChannelNorm? entry, Tensor weight, Tensor? bias, Tensor y, ConvolutionWindow window, StatisticsSink? statistics = null)
    {
        if (entry is not { } norm)
        {
            Convolve(x.Shape, Activations(x), weight, bias, y, window, statistics);
            return;
        }

        if (!IsChannelsLast(x) || x.Count == 0)
        {
            using Tensor normal = Normalized(x, norm);
            Convolve(x.Shape, Activations(normal), weight, bias, y, window, statistics);
            return;
        }

        using ScratchMemory memory = new(Pool, EntryLength(x, norm), "the coefficients of a normalization");
        Convolve(x.Shape, Entered(x, norm, memory.Data), weight, bias, y, window, statistics);
    }

    /// <inheritdoc/>
    public override void Conv2DInputGradient(Tensor dy, Tensor weight, Sink dx, ConvolutionWindow window)
    {
        if (dx.Tensor is null || dx.Tensor.Count == 0)
        {
            return;
        }

        ConvolutionGeometry forward = ConvolutionGeometry.Forward(dx.Tensor.Shape, weight.Shape, dy.Shape, window);
        ActivationView input = Activations(dy), output = Activations(dx);
        Convolve(forward.OfInputGradient(), input, FilterView.Turned(Pointer(weight), forward), null, output, dx.Adds);
    }

    /// <inheritdoc/>
    public override void Conv2DWeightGradient(Tensor x, Tensor dy, Sink dweight, Sink dbias, ConvolutionWindow window) =>
        WeightGradient(x.Shape, Activations(x), dy, dweight, dbias, window);

    /// <inheritdoc/>
    public void Conv2DWeightGradient(Tensor x, ChannelNorm entry, Tensor dy, Sink dweight, Sink dbias, ConvolutionWindow window)
    {
        if (!IsChannelsLast(x) || x.Count == 0)
        {
            using Tensor normal = Normalized(x, entry);
            Conv2DWeightGradient(normal, dy, dweight, dbias, window);
            return;
        }

        using ScratchMemory memory = new(Pool, EntryLength(x, entry), "the coefficients of a normalization");
        WeightGradient(x.Shape, Entered(x, entry, memory.Data), dy, dweight, dbias, window);
    }

    // Images that are held plainly are normalized beforehand.
    private Tensor Normalized(Tensor x, ChannelNorm entry)
    {
        Tensor normal = Allocate(x.Shape, "normalized images");
        Normalize(x, entry, normal);
        return normal;
    }

    private static long EntryLength(Tensor x, ChannelNorm entry) => CoefficientsLength(x.Shape[1]) * (entry.Mean.Shape.Rank == 2 ? (long)x.Shape[0] : 1);

    /// <summary>Images that a convolution normalizes as it reads them, with coefficients in memory of <see cref="EntryLength"/>.</summary>
    private static ActivationView Entered(Tensor x, ChannelNorm entry, float* memory)
    {
        ActivationView view = Activations(x);
        if (entry.Mean.Shape.Rank == 1)
        {
            return view with { Entry = Coefficients(entry, memory) };
        }

        int channels = x.Shape[1], stride = CoefficientsLength(channels);
        for (int image = 1; image < x.Shape[0]; image++)
        {
            Coefficients(entry, image, channels, memory + (nint)image * stride);
        }

        return view with { Entry = Coefficients(entry, image: 0, channels, memory), EntryStride = stride };
    }

    private void Convolve(Shape x, ActivationView input, Tensor weight, Tensor? bias, Tensor y, ConvolutionWindow window, StatisticsSink? statistics)
    {
        if (y.Count == 0)
        {
            return;
        }

        ConvolutionGeometry geometry = ConvolutionGeometry.Forward(x, weight.Shape, y.Shape, window);
        ActivationView output = Overwritten(y, geometry.OutputChannels >= FewestChannelsLast);
        FilterView filters = FilterView.Forward(Pointer(weight), geometry);
        float* biases = bias is null ? null : Pointer(bias);
        if (statistics is not { } sink || !IsChannelsLast(y))
        {
            Convolve(geometry, input, filters, biases, output, adds: false);
            if (statistics is { } plain)
            {
                BatchNormStatistics(y, plain);
            }

            return;
        }

        PixelChunks chunks = new(y.Shape);
        using ScratchMemory memory = new(Pool, ChunkSums.Length(chunks), "the statistics of a batch");
        ChunkSums moments = new(chunks, memory.Data);
        if (!Convolve(geometry, input, filters, biases, output with { Moments = moments }, adds: false))
        {
            PixelMoments(output, moments);
        }

        PutStatistics(moments, Parameters(sink));
    }

    private void WeightGradient(Shape x, ActivationView input, Tensor dy, Sink dweight, Sink dbias, ConvolutionWindow window)
    {
        if (!dweight.IsWanted && !dbias.IsWanted)
        {
            return;
        }

        // The gradient of the bias alone does not ask for the kernel's size.
        Shape weightShape = dweight.Tensor?.Shape ?? [dy.Shape[1], x[1], 1, 1];
        ConvolutionGeometry geometry = ConvolutionGeometry.Forward(x, weightShape, dy.Shape, window);
        ActivationView gradient = Activations(dy);
        float* weight = dweight.Tensor is null ? null : Pointer(dweight.Tensor), bias = dbias.Tensor is null ? null : Pointer(dbias.Tensor);
        switch (_width)
        {
            case VectorWidth.Bits512:
                WeightGradient<Lanes512>(geometry, input, gradient, weight, dweight.Adds, bias, dbias.Adds);
                break;
            case VectorWidth.Bits256:
                WeightGradient<Lanes256>(geometry, input, gradient, weight, dweight.Adds, bias, dbias.Adds);
                break;
            default:
                WeightGradient<Lanes128>(geometry, input, gradient, weight, dweight.Adds, bias, dbias.Adds);
                break;
        }
    }

    /// <summary>Returns whether it took the moments of the output, if those are asked for.</summary>
    private bool Convolve(in ConvolutionGeometry geometry, ActivationView input, FilterView filters, float* bias, ActivationView output, bool adds) => _width switch
    {
        VectorWidth.Bits512 => Convolve<Lanes512>(geometry, input, filters, bias, output, adds),
        VectorWidth.Bits256 => Convolve<Lanes256>(geometry, input, filters, bias, output, adds),
        _ => Convolve<Lanes128>(geometry, input, filters, bias, output, adds),
    };

    private bool Convolve<T>(
        in ConvolutionGeometry geometry, ActivationView input, FilterView filters, float* bias, ActivationView output, bool adds) where T : struct, ILanes<T>
    {
        ConvolutionKernel kernel = Chosen(geometry, KernelChoice.Convolution<T>(geometry));
        NoteConversion(input, geometry.InputChannels, geometry.InputPixels);
        return Convolution<T>.Run(_workers, Pool, geometry, input, filters, bias, output, adds, kernel);
    }

    private void WeightGradient<T>(
        in ConvolutionGeometry geometry, ActivationView x, ActivationView dy, float* weight, bool weightAdds, float* bias, bool biasAdds) where T : struct, ILanes<T>
    {
        ConvolutionKernel kernel = Chosen(geometry, KernelChoice.WeightGradient<T>(geometry));
        NoteConversion(x, geometry.InputChannels, geometry.InputPixels);
        NoteConversion(dy, geometry.OutputChannels, geometry.OutputPixels);
        Convolution<T>.WeightGradient(_workers, Pool, geometry, x, dy, weight, weightAdds, bias, biasAdds, kernel);
    }

    private ConvolutionKernel Chosen(in ConvolutionGeometry geometry, ConvolutionKernel best) =>
        ForcedConvolution != ConvolutionKernel.Automatic && KernelChoice.Fits(ForcedConvolution, geometry) ? ForcedConvolution : best;
}
