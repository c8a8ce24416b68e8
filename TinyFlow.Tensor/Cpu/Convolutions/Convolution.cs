using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Memory;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>Runs the kernels of a convolution: packs filters, rents scratch memory, shares the pieces among the workers.</summary>
/// <typeparam name="T">The vector registers.</typeparam>
internal static unsafe class Convolution<T> where T : struct, ILanes<T>
{
    // Pieces per worker: enough that a worker that starts late or is interrupted does not hold up the others for long.
    private const int PiecesPerWorker = 4;

    /// <summary>
    /// output (+)= input ∗ filters (+ bias): the forward pass, and with the turned filters and the geometry
    /// <see cref="ConvolutionGeometry.OfInputGradient"/> the gradient with respect to the input. Returns whether it took the
    /// moments of the output, if those are asked for.
    /// </summary>
    public static bool Run(
        WorkerPool workers, NativePool pool, ConvolutionGeometry geometry, ActivationView input, FilterView filters, float* bias,
        ActivationView output, bool adds, ConvolutionKernel kernel)
    {
        // Rows that are normalized are copied, and short ones stay in the first-level cache.
        ConvolutionGeometry cut = input.IsNormalizedOnEntry ? geometry : geometry.Flattened();
        bool measures = output.IsMeasured && output.Moments.Chunks.IsOfRows && cut.OutputHeight == geometry.OutputHeight && kernel switch
        {
            ConvolutionKernel.ThinOutput => false,
            ConvolutionKernel.Winograd => WinogradOfFewTiles<T>.Suits(cut, workers.Count) || WinogradConvolution<T>.CompletesRows(cut),
            _ => true,
        };
        output = measures ? output : output with { Moments = default };
        switch (kernel)
        {
            case ConvolutionKernel.ThinOutput:
                RunThinOutput(workers, pool, cut, input, filters, bias, output, adds);
                break;
            case ConvolutionKernel.Winograd:
                RunWinograd(workers, pool, cut, input, filters, bias, output, adds);
                break;
            default:
                RunDirect(workers, pool, cut, input, filters, bias, output, adds);
                break;
        }

        return measures;
    }

    /// <summary>The gradients with respect to weight and bias; a destination that is not wanted is null.</summary>
    public static void WeightGradient(
        WorkerPool workers, NativePool pool, ConvolutionGeometry geometry, ActivationView x, ActivationView dy,
        float* weight, bool weightAdds, float* bias, bool biasAdds, ConvolutionKernel kernel)
    {
        // Of normalized inputs too, whose rows are copied: how sums are cut must not depend on what is done on entry.
        geometry = geometry.Flattened();
        bool winograd = kernel == ConvolutionKernel.Winograd && weight is not null && geometry.Images > 0;
        using ScratchMemory plainX = new(pool, winograd && !x.IsChannelsLast ? geometry.InputCount : 0, "a convolution's input, channels last");
        using ScratchMemory plainDy = new(pool, winograd && !dy.IsChannelsLast ? geometry.OutputCount : 0, "a gradient, channels last");
        if (winograd && !x.IsChannelsLast)
        {
            x = ToChannelsLast(workers, x, geometry.Images, geometry.InputChannels, geometry.InputPixels, plainX.Data);
        }

        if (winograd && !dy.IsChannelsLast)
        {
            dy = ToChannelsLast(workers, dy, geometry.Images, geometry.OutputChannels, geometry.OutputPixels, plainDy.Data);
        }

        if (winograd && WideWinogradWeightGradient<T>.Suits(geometry))
        {
            WideWinogradWeightGradient<T>.Run(workers, pool, geometry, x, dy, weight, weightAdds, bias, biasAdds);
            return;
        }

        bool thin = !winograd && geometry.OutputChannels <= DirectWeightGradient<T>.MostThinOutputs;
        int chunks = winograd ? WinogradWeightGradient<T>.Chunks(geometry) : DirectWeightGradient<T>.Chunks(geometry);
        nint scratchLength = winograd ? WinogradWeightGradient<T>.ScratchLength(geometry) : DirectWeightGradient<T>.ScratchLength(geometry);
        using ScratchMemory memory = new(pool, chunks * WeightGradientParts.Length(geometry, T.Count, thin), "the parts of a weight gradient");
        using ScratchMemory scratch = new(pool, workers.Count * scratchLength, "a weight gradient");
        WeightGradientParts parts = new(geometry, T.Count, chunks, thin, memory.Data);
        if (winograd)
        {
            workers.Run(chunks, new WinogradWeightGradient<T>(geometry, x, dy, parts, scratch.Data));
        }
        else
        {
            workers.Run(chunks, new DirectWeightGradient<T>(geometry, x, dy, parts, weight is not null, bias is not null, scratch.Data));
        }

        WeightGradientSum<T> sum = new(geometry, parts, weight, weightAdds, bias, biasAdds);
        workers.Run(sum.Pieces, sum);
    }

    private static void RunDirect(
        WorkerPool workers, NativePool pool, in ConvolutionGeometry geometry, ActivationView input, FilterView filters, float* bias,
        ActivationView output, bool adds)
    {
        using ScratchMemory packed = new(pool, DirectConvolution<T>.FilterLength(geometry) + DirectConvolution<T>.PaddedOutputs(geometry), "the filters of a convolution");
        using ScratchMemory scratch = new(pool, workers.Count * DirectConvolution<T>.ScratchLength(geometry), "a convolution");
        DirectConvolution<T>.Pack(geometry, filters, packed.Data);
        float* start = PadBias(bias, geometry.OutputChannels, DirectConvolution<T>.PaddedOutputs(geometry), packed.Data + DirectConvolution<T>.FilterLength(geometry));
        DirectConvolution<T> work = new(geometry, input, packed.Data, start, output, adds, scratch.Data, Bands(workers, geometry, DirectConvolution<T>.RowsAtOnce(output)));
        workers.Run(work.Pieces, work);
    }

    private static void RunThinOutput(
        WorkerPool workers, NativePool pool, in ConvolutionGeometry geometry, ActivationView input, FilterView filters, float* bias,
        ActivationView output, bool adds)
    {
        using ScratchMemory packed = new(pool, ThinOutputConvolution<T>.FilterLength(geometry), "the filters of a convolution");
        using ScratchMemory scratch = new(pool, workers.Count * ThinOutputConvolution<T>.ScratchLength(geometry), "a convolution");
        ThinOutputConvolution<T>.Pack(geometry, filters, packed.Data);
        ThinOutputConvolution<T> work = new(geometry, input, packed.Data, bias, output, adds, scratch.Data, Bands(workers, geometry));
        workers.Run(work.Pieces, work);
    }

    private static void RunWinograd(
        WorkerPool workers, NativePool pool, in ConvolutionGeometry geometry, ActivationView input, FilterView filters, float* bias,
        ActivationView output, bool adds)
    {
        bool converts = !input.IsChannelsLast;
        bool fewTiles = WinogradOfFewTiles<T>.Suits(geometry, workers.Count);
        int paddedOutputs = Parts.RoundUp(geometry.OutputChannels, T.Count);
        nint filterLength = fewTiles ? 0 : WinogradFilters<T>.Length(geometry);
        using ScratchMemory converted = new(pool, converts ? geometry.InputCount : 0, "a convolution's input, channels last");
        using ScratchMemory planes = new(pool, filterLength + paddedOutputs, "the filters of a convolution");
        if (converts)
        {
            input = ToChannelsLast(workers, input, geometry.Images, geometry.InputChannels, geometry.InputPixels, converted.Data);
        }

        float* start = PadBias(bias, geometry.OutputChannels, paddedOutputs, planes.Data + filterLength);
        if (fewTiles)
        {
            WinogradOfFewTiles<T>.Run(workers, pool, geometry, input, filters, start, output, adds);
            return;
        }

        using ScratchMemory scratch = new(pool, workers.Count * WinogradConvolution<T>.ScratchLength(geometry, output), "a convolution");
        WinogradFilters<T> transform = new(geometry, filters, planes.Data);
        workers.Run(transform.Pieces, transform);
        WinogradConvolution<T> work = new(geometry, input, planes.Data, start, output, adds, scratch.Data, workers.Count);
        workers.Run(work.Pieces, work);
    }

    private static ActivationView ToChannelsLast(WorkerPool workers, ActivationView plain, int images, int channels, int pixels, float* memory)
    {
        ActivationView converted = new(memory, channels, pixels, channelsLast: true);
        LayoutCopy copy = new(plain, converted, images, channels, pixels);
        workers.Run(copy.Pieces, copy);
        return converted;
    }

    private static float* PadBias(float* bias, int channels, int padded, float* memory)
    {
        if (bias is null)
        {
            return null;
        }

        Span<float> start = new(memory, padded);
        new ReadOnlySpan<float>(bias, channels).CopyTo(start);
        start[channels..].Clear();
        return memory;
    }

    // An image is cut into bands of rows only when there are too few images. Pixels do not depend on the cut.
    private static int Bands(WorkerPool workers, in ConvolutionGeometry geometry, int rows = 1) => workers.Count == 1
        ? 1
        : Math.Clamp(Parts.Count(workers.Count * PiecesPerWorker, Math.Max(1, geometry.Images)), 1, Math.Max(1, geometry.OutputHeight / rows));
}
