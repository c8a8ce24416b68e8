using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Normalizations;
using TinyFlow.Cpu.Pixels;

namespace TinyFlow;

/// <summary>Batch normalization of images that are held channels last; what it writes is held so too.</summary>
public sealed unsafe partial class CpuBackend
{
    /// <summary>For tests: how many times images that are held channels last were read for a batch's statistics alone.</summary>
    internal int StatisticsPasses { get; private set; }

    private void PixelStatistics(Tensor x, StatisticsSink statistics)
    {
        PixelChunks chunks = new(x.Shape);
        using ScratchMemory memory = new(Pool, ChunkSums.Length(chunks), "the statistics of a batch");
        ChunkSums moments = new(chunks, memory.Data);
        PixelMoments(Activations(x), moments);
        PutStatistics(moments, Parameters(statistics));
    }

    private void PixelMoments(ActivationView x, ChunkSums moments)
    {
        StatisticsPasses++;
        Run(moments.Chunks.Count, new MomentsWork(moments, x.Data));
    }

    private static void PutStatistics(ChunkSums moments, BatchNormParameters parameters)
    {
        PixelChunks chunks = moments.Chunks;
        Span<double> means = stackalloc double[ChunkSums.Block], squares = stackalloc double[ChunkSums.Block];
        for (int first = 0; first < chunks.Channels; first += ChunkSums.Block)
        {
            int count = Math.Min(ChunkSums.Block, chunks.Channels - first);
            moments.TotalMoments(first, means[..count], squares[..count]);
            for (int c = 0; c < count; c++)
            {
                parameters.SetStatistics(first + c, new Moments(chunks.Pixels, means[c], squares[c]));
            }
        }
    }

    private void PixelNormBackward(
        Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy,
        Sink dx, Sink dgamma, Sink dbeta, BatchNormSettings settings, BatchStatistics statistics)
    {
        PixelChunks chunks = new(x.Shape);
        int channels = chunks.Channels, coefficientsLength = CoefficientsLength(channels);
        using ScratchMemory memory = new(Pool, coefficientsLength + ChunkSums.Length(chunks), "the sums of a normalization's gradient");
        using ScratchMemory converted = new(Pool, IsChannelsLast(dy) ? 0 : dy.Count, "a gradient, channels last");
        float* xs = Activations(x).Data, inverses = Pointer(inverseDeviation);

        // dx may be dy: what is needed of it is taken before the result's layout is set.
        float* dys = IsChannelsLast(dy) ? Activations(dy).Data : ChannelsLastCopy(dy, converted.Data);
        PixelCoefficients coefficients = Coefficients(new ChannelNorm(gamma, beta, mean, inverseDeviation, settings.Activation), memory.Data);
        ChunkSums sums = new(chunks, memory.Data + coefficientsLength);
        Run(chunks.Count, new PixelNormWork(PixelNormStep.GradientSums, chunks, xs, dys, sums.First, sums.Second, false, coefficients));

        float* dgammas = dgamma.Tensor is null ? null : Pointer(dgamma.Tensor), dbetas = dbeta.Tensor is null ? null : Pointer(dbeta.Tensor);
        bool flows = statistics == BatchStatistics.Batch; // Statistics of the batch depend on x; running ones do not.
        Span<double> totals = stackalloc double[ChunkSums.Block], products = stackalloc double[ChunkSums.Block];
        for (int first = 0; first < channels; first += ChunkSums.Block)
        {
            int count = Math.Min(ChunkSums.Block, channels - first);
            sums.Total(first, totals[..count], products[..count]);
            for (int i = 0; i < count; i++)
            {
                int c = first + i;
                coefficients.MeanGradient[c] = flows ? (float)(totals[i] / chunks.Pixels) : 0;
                coefficients.Slope[c] = flows ? (float)(products[i] / chunks.Pixels * inverses[c] * inverses[c]) : 0;
                if (dgammas is not null)
                {
                    dgammas[c] = (float)(products[i] * inverses[c] + (dgamma.Adds ? dgammas[c] : 0));
                }

                if (dbetas is not null)
                {
                    dbetas[c] = (float)(totals[i] + (dbeta.Adds ? dbetas[c] : 0));
                }
            }
        }

        if (dx.IsWanted)
        {
            PixelGradient(chunks, xs, dys, dx, coefficients);
        }
    }

    private void PixelGradient(PixelChunks chunks, float* xs, float* dys, Sink dx, PixelCoefficients coefficients)
    {
        Tensor tensor = dx.Tensor!;
        ActivationView target = dx.Adds ? Activations(tensor) : Overwritten(tensor, channelsLast: true);
        if (IsChannelsLast(tensor))
        {
            Run(chunks.Count, new PixelNormWork(PixelNormStep.Gradient, chunks, xs, dys, target.Data, null, dx.Adds, coefficients));
            return;
        }

        // What is added to is held plainly.
        NoteConversion(chunks.Channels, tensor.Shape[2] * tensor.Shape[3]);
        using ScratchMemory memory = new(Pool, tensor.Count, "a normalization's gradient");
        Run(chunks.Count, new PixelNormWork(PixelNormStep.Gradient, chunks, xs, dys, memory.Data, null, false, coefficients));
        LayoutCopy copy = new(View(tensor, memory.Data, channelsLast: true), target, tensor.Shape[0], chunks.Channels, tensor.Shape[2] * tensor.Shape[3], dx.Adds);
        _workers.Run(copy.Pieces, copy);
    }

    private void PixelNormalize(Tensor x, ChannelNorm norm, Tensor y)
    {
        PixelChunks chunks = new(x.Shape);
        float* xs = Activations(x).Data;
        using ScratchMemory memory = new(Pool, CoefficientsLength(chunks.Channels), "the coefficients of a normalization");
        PixelCoefficients coefficients = Coefficients(norm, memory.Data);
        if (CoversStorage(y))
        {
            Run(chunks.Count, new PixelNormWork(
                PixelNormStep.Normalize, chunks, xs, null, Overwritten(y, channelsLast: true).Data, null, false, coefficients));
            return;
        }

        NoteConversion(chunks.Channels, y.Shape[2] * y.Shape[3]);
        using ScratchMemory normalized = new(Pool, y.Count, "a normalization's result");
        Run(chunks.Count, new PixelNormWork(PixelNormStep.Normalize, chunks, xs, null, normalized.Data, null, false, coefficients));
        LayoutCopy copy = new(View(y, normalized.Data, channelsLast: true), Activations(y), y.Shape[0], chunks.Channels, y.Shape[2] * y.Shape[3]);
        _workers.Run(copy.Pieces, copy);
    }

    private static int CoefficientsLength(int channels) => PixelCoefficients.Arrays * PixelChunks.Padded(channels);

    /// <summary>The coefficients of a normalization of channels in scratch memory of <see cref="CoefficientsLength"/>.</summary>
    private static PixelCoefficients Coefficients(ChannelNorm norm, float* memory) => Coefficients(norm, image: 0, (int)norm.Mean.Count, memory);

    private static PixelCoefficients Coefficients(ChannelNorm norm, int image, int channels, float* memory)
    {
        PixelCoefficients coefficients = PixelCoefficients.In(memory, PixelChunks.Padded(channels), norm.Activation == Activation.Relu);
        float* means = Pointer(norm.Mean) + (nint)image * channels, inverses = Pointer(norm.InverseDeviation) + (nint)image * channels;
        float* gammas = norm.Gamma is null ? null : Pointer(norm.Gamma), betas = norm.Beta is null ? null : Pointer(norm.Beta);
        for (int c = 0; c < channels; c++)
        {
            coefficients.Mean[c] = means[c];
            coefficients.Scale[c] = gammas is null ? inverses[c] : gammas[c] * inverses[c];
            coefficients.Shift[c] = betas is null ? 0 : betas[c];
        }

        return coefficients;
    }

    private float* ChannelsLastCopy(Tensor x, float* memory)
    {
        NoteConversion(x.Shape[1], x.Shape[2] * x.Shape[3]);
        LayoutCopy copy = new(Activations(x), View(x, memory, channelsLast: true), x.Shape[0], x.Shape[1], x.Shape[2] * x.Shape[3]);
        _workers.Run(copy.Pieces, copy);
        return memory;
    }
}
