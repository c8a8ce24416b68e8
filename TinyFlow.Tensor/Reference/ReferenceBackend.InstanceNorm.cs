namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void InstanceNorm(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation)
    {
        int plane = x.Shape[2] * x.Shape[3];
        Span<double> xs = Span(x), ys = Span(y), means = Span(mean), inverseDeviations = Span(inverseDeviation);
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
            for (int p = i * plane; p < (i + 1) * plane; p++)
            {
                double value = (xs[p] - means[i]) * inverseDeviations[i];
                ys[p] = activation == Activation.Relu ? Math.Max(value, 0) : value;
            }
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
