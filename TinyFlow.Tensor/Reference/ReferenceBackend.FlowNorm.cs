namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void FlowNorm(
        Tensor x, Tensor runningMean, Tensor runningVariance, Tensor batchMean, Tensor mean, Tensor inverseDeviation,
        Tensor y, Tensor logDet, FlowNormSettings settings)
    {
        int channels = x.Shape[1], plane = x.Shape[2] * x.Shape[3];
        double count = (double)x.Shape[0] * plane, momentum = settings.IsUpdated ? 0 : settings.Momentum, logDetOfAll = 0;
        bool usesBatch = settings.Statistics == FlowStatistics.Batch;
        Span<double> xs = Span(x), ys = Span(y), batchMeans = Span(batchMean), means = Span(mean), inverses = Span(inverseDeviation);
        Span<double> runningMeans = Span(runningMean), runningVariances = Span(runningVariance);
        double[] squares = new double[channels];
        batchMeans.Clear();
        for (int i = 0; i < xs.Length; i++)
        {
            batchMeans[i / plane % channels] += xs[i] / count;
        }

        for (int i = 0; i < xs.Length; i++)
        {
            int c = i / plane % channels;
            squares[c] += (xs[i] - batchMeans[c]) * (xs[i] - batchMeans[c]);
        }

        for (int c = 0; c < channels; c++)
        {
            runningMeans[c] = (1 - momentum) * runningMeans[c] + momentum * batchMeans[c];
            runningVariances[c] = (1 - momentum) * runningVariances[c] + momentum * squares[c] / (count - 1);
            means[c] = usesBatch ? batchMeans[c] : runningMeans[c];
            inverses[c] = 1 / Math.Sqrt((usesBatch ? squares[c] / count : runningVariances[c]) + settings.Epsilon);
            logDetOfAll += plane * Math.Log(inverses[c]);
        }

        for (int i = 0; i < xs.Length; i++)
        {
            int c = i / plane % channels;
            ys[i] = (xs[i] - means[c]) * inverses[c];
        }

        Span(logDet).Fill(logDetOfAll);
    }

    /// <inheritdoc/>
    public override void FlowNormBackward(
        Tensor x, Tensor batchMean, Tensor mean, Tensor inverseDeviation, Tensor dy, Tensor dlogDet, Sink dx, FlowNormSettings settings)
    {
        if (!dx.IsWanted)
        {
            return;
        }

        int channels = x.Shape[1], plane = x.Shape[2] * x.Shape[3];
        long count = (long)x.Shape[0] * plane;
        Span<double> xs = Span(x), dys = Span(dy), dxs = Span(dx.Tensor!), batchMeans = Span(batchMean), means = Span(mean), inverses = Span(inverseDeviation);
        double dlogDetOfAll = 0;
        foreach (double each in Span(dlogDet))
        {
            dlogDetOfAll += each;
        }

        // dmean = −inverse·Σ dy, and dvariance = −½·inverse³·Σ dy·(x − mean) − ½·inverse²·H·W·Σ dlogDet.
        double[] sums = new double[channels], products = new double[channels];
        for (int i = 0; i < xs.Length; i++)
        {
            int c = i / plane % channels;
            sums[c] += dys[i];
            products[c] += dys[i] * (xs[i] - means[c]);
        }

        for (int i = 0; i < xs.Length; i++)
        {
            int c = i / plane % channels;
            double inverse = inverses[c], dmean = -inverse * sums[c];
            double dvariance = -0.5 * inverse * inverse * (inverse * products[c] + plane * dlogDetOfAll);
            double throughStatistics = settings.MeanShare * dmean + settings.VarianceShare(count) * 2 * (xs[i] - batchMeans[c]) * dvariance;
            Put(dxs, i, inverse * dys[i] + throughStatistics / count, dx.Adds);
        }
    }
}
