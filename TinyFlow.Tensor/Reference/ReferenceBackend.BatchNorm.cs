namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void BatchNorm(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor mean, Tensor inverseDeviation, Tensor y, BatchNormSettings settings, Tensor? bias = null)
    {
        BatchNormStatistics(x, new StatisticsSink(mean, inverseDeviation, runningMean, runningVariance, settings, bias));
        Normalize(x, new ChannelNorm(gamma, beta, mean, inverseDeviation, settings.Activation), y);
    }

    /// <inheritdoc/>
    public virtual void BatchNormStatistics(Tensor x, StatisticsSink statistics)
    {
        BatchNormSettings settings = statistics.Settings;
        int channels = x.Shape[1], plane = x.Shape[2] * x.Shape[3];
        double count = (double)x.Shape[0] * plane;
        Span<double> xs = Span(x), means = Span(statistics.Mean), inverseDeviations = Span(statistics.InverseDeviation);
        Span<double> runningMeans = Span(statistics.RunningMean), runningVariances = Span(statistics.RunningVariance);
        means.Clear();
        for (int i = 0; i < xs.Length; i++)
        {
            means[i / plane % channels] += xs[i] / count;
        }

        // In two passes: the difference of E[x²] and E[x]² would lose the digits of a small variance.
        double[] squares = new double[channels];
        for (int i = 0; i < xs.Length; i++)
        {
            int c = i / plane % channels;
            squares[c] += (xs[i] - means[c]) * (xs[i] - means[c]);
        }

        for (int c = 0; c < channels; c++)
        {
            inverseDeviations[c] = 1 / Math.Sqrt(squares[c] / count + settings.Epsilon);
            runningMeans[c] = (1 - settings.Momentum) * runningMeans[c] + settings.Momentum * (means[c] + (statistics.Bias is null ? 0 : Span(statistics.Bias)[c]));
            runningVariances[c] = (1 - settings.Momentum) * runningVariances[c] + settings.Momentum * squares[c] / (count - 1);
        }
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
    public virtual void InverseDeviation(Tensor runningVariance, Tensor inverseDeviation, double epsilon)
    {
        Span<double> variances = Span(runningVariance), inverseDeviations = Span(inverseDeviation);
        for (int c = 0; c < variances.Length; c++)
        {
            inverseDeviations[c] = 1 / Math.Sqrt(variances[c] + epsilon);
        }
    }

    /// <inheritdoc/>
    public override void BatchNormBackward(
        Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy,
        Sink dx, Sink dgamma, Sink dbeta, BatchNormSettings settings, BatchStatistics statistics, Sink dbias = default)
    {
        int channels = x.Shape[1], plane = x.Shape[2] * x.Shape[3];
        double count = (double)x.Shape[0] * plane;
        Span<double> xs = Span(x), dys = Span(dy), gammas = Span(gamma), betas = Span(beta), means = Span(mean), inverseDeviations = Span(inverseDeviation);

        // The gradient behind the activation, and its two sums: those of beta and gamma, which also come back through
        // the mean and the variance of the batch.
        double[] gradients = new double[xs.Length], sums = new double[channels], products = new double[channels];
        for (int i = 0; i < xs.Length; i++)
        {
            int c = i / plane % channels;
            double normalized = (xs[i] - means[c]) * inverseDeviations[c];
            bool passes = settings.Activation == Activation.None || gammas[c] * (xs[i] - means[c]) * inverseDeviations[c] + betas[c] > 0;
            gradients[i] = passes ? dys[i] : 0;
            sums[c] += gradients[i];
            products[c] += gradients[i] * normalized;
        }

        for (int c = 0; c < channels; c++)
        {
            if (dgamma.IsWanted)
            {
                Put(Span(dgamma.Tensor!), c, products[c], dgamma.Adds);
            }

            if (dbeta.IsWanted)
            {
                Put(Span(dbeta.Tensor!), c, sums[c], dbeta.Adds);
            }
        }

        if (dbias is { Adds: false, Tensor: { } nothing })
        {
            Fill(nothing, 0);
        }

        if (!dx.IsWanted)
        {
            return;
        }

        Span<double> dxs = Span(dx.Tensor!);
        for (int i = 0; i < xs.Length; i++)
        {
            int c = i / plane % channels;
            double normalized = (xs[i] - means[c]) * inverseDeviations[c];
            double throughStatistics = statistics == BatchStatistics.Batch ? (sums[c] + normalized * products[c]) / count : 0;
            Put(dxs, i, gammas[c] * inverseDeviations[c] * (gradients[i] - throughStatistics), dx.Adds);
        }
    }

    /// <inheritdoc/>
    public virtual void Normalize(Tensor x, ChannelNorm norm, Tensor y)
    {
        int channels = x.Shape[1], plane = x.Shape[2] * x.Shape[3];
        bool ofImages = norm.Mean.Shape.Rank == 2;
        Span<double> xs = Span(x), ys = Span(y), means = Span(norm.Mean), inverseDeviations = Span(norm.InverseDeviation);
        for (int i = 0; i < ys.Length; i++)
        {
            int c = i / plane % channels, statistic = ofImages ? i / plane : c;
            double gamma = norm.Gamma is null ? 1 : Span(norm.Gamma)[c], beta = norm.Beta is null ? 0 : Span(norm.Beta)[c];
            double value = gamma * (xs[i] - means[statistic]) * inverseDeviations[statistic] + beta;
            ys[i] = norm.Activation == Activation.Relu ? Math.Max(value, 0) : value;
        }
    }
}
