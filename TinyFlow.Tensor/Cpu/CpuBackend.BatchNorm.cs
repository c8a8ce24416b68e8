using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Normalizations;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void BatchNorm(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor mean, Tensor inverseDeviation, Tensor y, BatchNormSettings settings, Tensor? bias = null)
    {
        StatisticsSink statistics = new(mean, inverseDeviation, runningMean, runningVariance, settings, bias);
        ChannelRuns runs = new(x.Shape);
        if (!IsChannelsLast(x) && KeepsAllBusy(runs))
        {
            BatchNormParameters parameters = Parameters(statistics);
            parameters.Gamma = In(gamma);
            parameters.Beta = In(beta);
            Run(runs.Channels, new BatchNormWork(BatchNormSteps.Channel, runs, In(x), Out(y), null, parameters), x.Count);
            return;
        }

        BatchNormStatistics(x, statistics);
        Normalize(x, new ChannelNorm(gamma, beta, mean, inverseDeviation, settings.Activation), y);
    }

    /// <inheritdoc/>
    public override void BatchNormInference(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor inverseDeviation, Tensor y, BatchNormSettings settings)
    {
        InverseDeviation(runningVariance, inverseDeviation, settings.Epsilon);
        Normalize(x, new ChannelNorm(gamma, beta, runningMean, inverseDeviation, settings.Activation), y);
    }

    /// <inheritdoc/>
    public void BatchNormStatistics(Tensor x, StatisticsSink statistics)
    {
        if (IsChannelsLast(x))
        {
            PixelStatistics(x, statistics);
            return;
        }

        Statistics(new ChannelRuns(x.Shape), In(x), x.Count, Parameters(statistics));
    }

    /// <inheritdoc/>
    public void InverseDeviation(Tensor runningVariance, Tensor inverseDeviation, double epsilon)
    {
        float* variances = In(runningVariance), inverses = Out(inverseDeviation);
        for (int c = 0; c < runningVariance.Count; c++)
        {
            inverses[c] = (float)(1 / Math.Sqrt(variances[c] + epsilon));
        }
    }

    /// <inheritdoc/>
    public override void BatchNormBackward(
        Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy,
        Sink dx, Sink dgamma, Sink dbeta, BatchNormSettings settings, BatchStatistics statistics, Sink dbias = default)
    {
        if (dbias is { Adds: false, Tensor: { } nothing })
        {
            Fill(nothing, 0);
        }

        if (IsChannelsLast(x))
        {
            PixelNormBackward(x, gamma, beta, mean, inverseDeviation, dy, dx, dgamma, dbeta, settings, statistics);
            return;
        }

        ChannelRuns runs = new(x.Shape);
        BatchNormParameters parameters = new()
        {
            Gamma = In(gamma),
            Beta = In(beta),
            Mean = In(mean),
            InverseDeviation = In(inverseDeviation),
            Settings = settings,
        };
        int chunks = runs.Chunks.Count, pieces = runs.Channels * chunks;
        long bytes = (long)(pieces + runs.Channels) * sizeof(GradientSums);
        GradientSums* sums = (GradientSums*)Pool.Rent(bytes, "the gradient sums of a batch normalization"), chunkSums = sums + runs.Channels;
        try
        {
            float* xs = In(x), dys = In(dy), dxs = Out(dx);
            BatchNormGradientWork Work(BatchNormGradientSteps steps) => new(steps, runs, xs, dys, dxs, dx.Adds, chunkSums, sums, parameters, statistics);
            if (KeepsAllBusy(runs))
            {
                Run(runs.Channels, Work(BatchNormGradientSteps.Channel), x.Count);
            }
            else
            {
                Run(pieces, Work(BatchNormGradientSteps.Sums), x.Count);
                for (int channel = 0; channel < runs.Channels; channel++)
                {
                    sums[channel] = default;
                    for (int chunk = 0; chunk < chunks; chunk++)
                    {
                        sums[channel] += chunkSums[channel * chunks + chunk];
                    }
                }

                if (dx.IsWanted)
                {
                    Run(pieces, Work(BatchNormGradientSteps.Input), x.Count);
                }
            }

            PutChannels(sums, In(inverseDeviation), runs.Channels, dgamma, dbeta);
        }
        finally
        {
            Pool.Return((nint)sums, bytes);
        }
    }

    /// <summary>
    /// Whether there are enough channels for one piece each, which reads a channel's numbers from memory once instead
    /// of twice. Either way gives the same bits.
    /// </summary>
    private bool KeepsAllBusy(ChannelRuns runs) => Threads == 1 || runs.Channels >= 4 * Threads;

    // What statistics are written to and mixed into; without gamma and beta.
    private static BatchNormParameters Parameters(StatisticsSink statistics) => new()
    {
        Mean = Out(statistics.Mean),
        InverseDeviation = Out(statistics.InverseDeviation),
        RunningMean = In(statistics.RunningMean),
        RunningVariance = In(statistics.RunningVariance),
        Bias = statistics.Bias is null ? null : In(statistics.Bias),
        Settings = statistics.Settings,
    };

    private void Statistics(ChannelRuns runs, float* x, long count, BatchNormParameters parameters)
    {
        int chunks = runs.Chunks.Count, pieces = runs.Channels * chunks;
        using ScratchMemory memory = new(Pool, (long)pieces * sizeof(Moments) / sizeof(float), "the statistics of a batch");
        Moments* moments = (Moments*)memory.Data;
        Run(pieces, new BatchNormWork(BatchNormSteps.Moments, runs, x, null, moments, parameters), count);
        for (int channel = 0; channel < runs.Channels; channel++)
        {
            Moments total = default;
            for (int chunk = 0; chunk < chunks; chunk++)
            {
                total += moments[channel * chunks + chunk];
            }

            parameters.SetStatistics(channel, total);
        }
    }

    /// <inheritdoc/>
    public void Normalize(Tensor x, ChannelNorm norm, Tensor y)
    {
        bool ofImages = norm.Mean.Shape.Rank == 2;
        if (IsChannelsLast(x) && !ofImages)
        {
            PixelNormalize(x, norm, y);
            return;
        }

        BatchNormParameters parameters = new()
        {
            Gamma = norm.Gamma is null ? null : In(norm.Gamma),
            Beta = norm.Beta is null ? null : In(norm.Beta),
            Mean = In(norm.Mean),
            InverseDeviation = In(norm.InverseDeviation),
            Settings = new BatchNormSettings(0, 0, norm.Activation),
        };
        ChannelRuns runs = new(ofImages ? OneImage(x.Shape) : x.Shape);
        Run(runs.Channels * runs.Chunks.Count, new BatchNormWork(BatchNormSteps.Normalize, runs, In(x), Out(y), null, parameters), x.Count);
    }

    private static void PutChannels(GradientSums* sums, float* inverseDeviations, int channels, Sink dgamma, Sink dbeta)
    {
        float* dgammas = Out(dgamma), dbetas = Out(dbeta);
        for (int channel = 0; channel < channels; channel++)
        {
            if (dgammas is not null)
            {
                dgammas[channel] = (float)(sums[channel].Product * inverseDeviations[channel] + (dgamma.Adds ? dgammas[channel] : 0));
            }

            if (dbetas is not null)
            {
                dbetas[channel] = (float)(sums[channel].Sum + (dbeta.Adds ? dbetas[channel] : 0));
            }
        }
    }
}
