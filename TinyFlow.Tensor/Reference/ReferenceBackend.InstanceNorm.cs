namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void InstanceNorm(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation)
    {
        InstanceNormStatistics(x, mean, inverseDeviation, epsilon);
        Normalize(x, new ChannelNorm(null, null, mean, inverseDeviation, activation), y);
    }

    /// <inheritdoc/>
    public virtual void InstanceNormSum(Tensor x, Tensor residual, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation)
    {
        InstanceNorm(x, mean, inverseDeviation, y, epsilon, Activation.None);
        Span<double> residuals = Span(residual), ys = Span(y);
        for (int i = 0; i < ys.Length; i++)
        {
            double value = ys[i] + residuals[i];
            ys[i] = activation == Activation.Relu ? Math.Max(value, 0) : value;
        }
    }

    /// <inheritdoc/>
    public virtual void InstanceNormStatistics(Tensor x, Tensor mean, Tensor inverseDeviation, double epsilon)
    {
        int plane = x.Shape[2] * x.Shape[3];
        Span<double> xs = Span(x), means = Span(mean), inverseDeviations = Span(inverseDeviation);
        for (int i = 0; i < means.Length; i++)
        {
            double sum = 0, squares = 0;
            foreach (double value in xs.Slice(i * plane, plane))
            {
                sum += value;
            }

            means[i] = sum / plane;
            foreach (double value in xs.Slice(i * plane, plane))
            {
                squares += (value - means[i]) * (value - means[i]);
            }

            inverseDeviations[i] = 1 / Math.Sqrt(squares / plane + epsilon);
        }
    }

    /// <inheritdoc/>
    public override void InstanceNormBackward(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor dy, Sink dx, Activation activation)
    {
        if (!dx.IsWanted)
        {
            return;
        }

        int plane = x.Shape[2] * x.Shape[3];
        Span<double> xs = Span(x), dys = Span(dy), dxs = Span(dx.Tensor!), means = Span(mean), inverseDeviations = Span(inverseDeviation);
        double[] gradients = new double[plane];
        for (int i = 0; i < means.Length; i++)
        {
            // The gradient behind the activation, and what comes back through mean and variance.
            double sum = 0, product = 0;
            for (int p = 0; p < plane; p++)
            {
                double normalized = (xs[i * plane + p] - means[i]) * inverseDeviations[i];
                gradients[p] = activation == Activation.None || normalized > 0 ? dys[i * plane + p] : 0;
                sum += gradients[p];
                product += gradients[p] * normalized;
            }

            for (int p = 0; p < plane; p++)
            {
                double normalized = (xs[i * plane + p] - means[i]) * inverseDeviations[i];
                Put(dxs, i * plane + p, inverseDeviations[i] * (gradients[p] - (sum + normalized * product) / plane), dx.Adds);
            }
        }
    }
}
