using TinyFlow.Cpu.Normalizations;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void FlowNorm(
        Tensor x, Tensor runningMean, Tensor runningVariance, Tensor batchMean, Tensor mean, Tensor inverseDeviation,
        Tensor y, Tensor logDet, FlowNormSettings settings)
    {
        ChannelRuns runs = new(x.Shape);
        BatchNormParameters parameters = new() { Mean = Out(mean), InverseDeviation = Out(inverseDeviation) };
        float* batchMeans = Out(batchMean), runningMeans = In(runningMean), runningVariances = In(runningVariance), xs = In(x), ys = Out(y);
        int chunks = runs.Chunks.Count, pieces = runs.Channels * chunks;
        long bytes = (long)pieces * sizeof(Moments);
        Moments* moments = (Moments*)Pool.Rent(bytes, "the statistics of a batch");
        try
        {
            Run(pieces, new BatchNormWork(BatchNormSteps.Moments, runs, xs, ys, moments, parameters), x.Count);
            double logDetOfAll = 0, momentum = settings.IsUpdated ? 0 : settings.Momentum;
            for (int channel = 0; channel < runs.Channels; channel++)
            {
                Moments total = default;
                for (int chunk = 0; chunk < chunks; chunk++)
                {
                    total += moments[channel * chunks + chunk];
                }

                batchMeans[channel] = (float)total.Mean;
                runningMeans[channel] = (float)((1 - momentum) * runningMeans[channel] + momentum * total.Mean);
                runningVariances[channel] = (float)((1 - momentum) * runningVariances[channel] + momentum * (total.Squares / (total.Count - 1)));
                bool usesBatch = settings.Statistics == FlowStatistics.Batch;
                parameters.Mean[channel] = usesBatch ? batchMeans[channel] : runningMeans[channel];
                double variance = (usesBatch ? total.Squares / total.Count : runningVariances[channel]) + settings.Epsilon;
                parameters.InverseDeviation[channel] = (float)(1 / Math.Sqrt(variance));
                logDetOfAll -= 0.5 * runs.Plane * Math.Log(variance);
            }

            new Span<float>(Out(logDet), runs.Images).Fill((float)logDetOfAll);
            Run(pieces, new BatchNormWork(BatchNormSteps.Normalize, runs, xs, ys, moments, parameters), x.Count);
        }
        finally
        {
            Pool.Return((nint)moments, bytes);
        }
    }

    /// <inheritdoc/>
    public override void FlowNormBackward(
        Tensor x, Tensor batchMean, Tensor mean, Tensor inverseDeviation, Tensor dy, Tensor dlogDet, Sink dx, FlowNormSettings settings)
    {
        if (!dx.IsWanted)
        {
            return;
        }

        ChannelRuns runs = new(x.Shape);
        BatchNormParameters parameters = new() { Mean = In(mean), InverseDeviation = In(inverseDeviation) };
        int chunks = runs.Chunks.Count, pieces = runs.Channels * chunks;
        long bytes = (long)(pieces + runs.Channels) * sizeof(GradientSums);
        GradientSums* sums = (GradientSums*)Pool.Rent(bytes, "the gradient sums of a batch normalization"), chunkSums = sums + runs.Channels;
        try
        {
            float* xs = In(x), dys = In(dy), dxs = Out(dx), batchMeans = In(batchMean);
            BatchNormGradientWork Work(BatchNormGradientSteps steps) => new(steps, runs, xs, dys, dxs, dx.Adds, chunkSums, sums, parameters, BatchStatistics.Batch);
            Run(pieces, Work(BatchNormGradientSteps.Sums), x.Count);
            double dlogDetOfAll = 0;
            foreach (float each in new ReadOnlySpan<float>(In(dlogDet), runs.Images))
            {
                dlogDetOfAll += each;
            }

            for (int channel = 0; channel < runs.Channels; channel++)
            {
                GradientSums total = default;
                for (int chunk = 0; chunk < chunks; chunk++)
                {
                    total += chunkSums[channel * chunks + chunk];
                }

                // As if the statistics were the batch's: what log_det adds to the gradient of the variance, the batch's share in
                // what was used, and the distance of the mean used from the batch's, around which the squares were.
                double inverse = parameters.InverseDeviation[channel];
                double product = settings.VarianceShare(runs.Count) * (total.Product + runs.Plane * dlogDetOfAll / inverse);
                double distance = (double)parameters.Mean[channel] - batchMeans[channel];
                sums[channel] = new GradientSums(settings.MeanShare * total.Sum + inverse * inverse * product * distance, product);
            }

            Run(pieces, Work(BatchNormGradientSteps.Input), x.Count);
        }
        finally
        {
            Pool.Return((nint)sums, bytes);
        }
    }
}
