using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// A small cost model: which kernel serves a shape. Costs are core cycles per image, counted for two fused multiply-adds
/// a cycle and for the shares of that which the kernels reach (measured; see bench/Kernels). Neither the number of
/// images nor that of threads has a say, so an image's result does not depend on its batch.
/// </summary>
internal static class KernelChoice
{
    // Multiply-adds a cycle that the kernels reach of the two that the core can do.
    private const double DirectRate = 1.7;
    private const double WinogradRate = 1.7;
    private const double DirectGradientRate = 1.3;
    private const double WinogradGradientRate = 1.5;

    // Cycles to transform a whole tile, per vector of channels, there and back, with the stores to the planes and the loads from them.
    private const double TransformCycles = 300;

    // Cycles to add up across a vector.
    private const double AcrossCycles = 8;

    /// <summary>Whether a kernel can compute a shape at all.</summary>
    public static bool Fits(ConvolutionKernel kernel, in ConvolutionGeometry geometry) => kernel switch
    {
        ConvolutionKernel.Winograd => geometry is { KernelHeight: 3, KernelWidth: 3, IsDense: true },
        _ => true,
    };

    /// <summary>The kernel of a forward pass or, by its own geometry, of the gradient with respect to the input.</summary>
    public static ConvolutionKernel Convolution<T>(in ConvolutionGeometry geometry) where T : struct, ILanes<T>
    {
        double pixels = geometry.OutputPixels, taps = geometry.KernelHeight * geometry.KernelWidth;
        int inputVectors = Parts.Count(geometry.InputChannels, T.Count), outputVectors = Parts.Count(geometry.OutputChannels, T.Count);
        double direct = pixels * taps * geometry.InputChannels * outputVectors / Rate<T>(DirectRate, BlockProducts<T>.Rows, outputVectors) +
            Scatter<T>(geometry);
        double thin = pixels * geometry.OutputChannels * (taps * inputVectors / DirectRate + AcrossCycles);
        ConvolutionKernel best = thin < direct ? ConvolutionKernel.ThinOutput : ConvolutionKernel.Direct;
        return Fits(ConvolutionKernel.Winograd, geometry) && Winograd<T>(geometry, WinogradRate) < Math.Min(thin, direct) ? ConvolutionKernel.Winograd : best;
    }

    /// <summary>The kernel of the gradients with respect to weight and bias, by the forward geometry.</summary>
    public static ConvolutionKernel WeightGradient<T>(in ConvolutionGeometry geometry) where T : struct, ILanes<T>
    {
        // Vectors of a few output channels would be mostly empty planes.
        if (!Fits(ConvolutionKernel.Winograd, geometry) || geometry.OutputChannels <= DirectWeightGradient<T>.MostThinOutputs)
        {
            return ConvolutionKernel.Direct;
        }

        int inputs = geometry.KernelWidth * geometry.InputChannels, rows = Math.Min(BlockProducts<T>.Rows, inputs), vectors = Parts.Count(geometry.OutputChannels, T.Count);
        double products = (double)geometry.OutputPixels * geometry.KernelHeight * inputs * vectors;
        double direct = products / Rate<T>(DirectGradientRate, rows, vectors);
        return Winograd<T>(geometry, WinogradGradientRate) < direct ? ConvolutionKernel.Winograd : ConvolutionKernel.Direct;
    }

    private static double Winograd<T>(in ConvolutionGeometry geometry, double rate) where T : struct, ILanes<T>
    {
        int inputVectors = Parts.Count(geometry.InputChannels, T.Count), outputVectors = Parts.Count(geometry.OutputChannels, T.Count);
        WinogradTiles tiles = new(geometry);
        double products = (double)tiles.MultiplicationsPerImage * geometry.InputChannels * outputVectors;
        double transformed = (double)tiles.MultiplicationsPerImage / WinogradTransforms<T>.Planes * (inputVectors + outputVectors);
        return products / Rate<T>(rate, BlockProducts<T>.Rows, outputVectors) + TransformCycles * transformed;
    }

    // A multiply-add takes four cycles: fewer than eight sums at work leave some of them idle.
    private static double Rate<T>(double full, int rows, int vectors) where T : struct, ILanes<T> =>
        full * Math.Min(1, rows * Math.Min(vectors, BlockProducts<T>.VectorsBeside(rows)) / 8.0);

    // Channels that do not fill vectors go through a staging row, element by element.
    private static double Scatter<T>(in ConvolutionGeometry geometry) where T : struct, ILanes<T> =>
        geometry.OutputChannels % T.Count == 0 ? 0 : 1.5 * geometry.OutputPixels * geometry.OutputChannels;
}
