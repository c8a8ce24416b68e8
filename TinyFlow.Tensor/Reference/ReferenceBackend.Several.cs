using TinyFlow.Pointwise;

namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void Combine(ReadOnlySpan<Tensor> xs, ReadOnlySpan<double> weights, double shift, Tensor y)
    {
        Span<double> ys = Span(y);
        for (int i = 0; i < ys.Length; i++)
        {
            double sum = shift;
            for (int k = 0; k < xs.Length; k++)
            {
                sum += weights[k] * Span(xs[k])[i];
            }

            ys[i] = sum;
        }
    }

    /// <inheritdoc/>
    public override void SumOf<TOp>(ReadOnlySpan<Tensor> xs, double scale, Tensor y)
    {
        double sum = 0;
        foreach (Tensor x in xs)
        {
            foreach (double value in Span(x))
            {
                sum += TOp.Forward(new Float64(value)).Value;
            }
        }

        Span(y)[0] = scale * sum;
    }

    /// <inheritdoc/>
    public override void SumOfBackward<TOp>(ReadOnlySpan<Tensor> xs, double scale, Tensor dy, ReadOnlySpan<Sink> dxs)
    {
        double factor = scale * Span(dy)[0];
        for (int k = 0; k < xs.Length; k++)
        {
            if (dxs[k].Tensor is not { } gradient)
            {
                continue;
            }

            Span<double> x = Span(xs[k]), dx = Span(gradient);
            for (int i = 0; i < dx.Length; i++)
            {
                Float64 value = new(x[i]);
                Put(dx, i, factor * TOp.Derivative(value, TOp.Forward(value)).Value, dxs[k].Adds);
            }
        }
    }

    /// <inheritdoc/>
    public override void CombineMeans(ReadOnlySpan<Tensor> xs, ReadOnlySpan<double> weights, ReadOnlySpan<double> shifts, Tensor y)
    {
        Span<double> ys = Span(y);
        shifts.CopyTo(ys);
        for (int k = 0; k < xs.Length; k++)
        {
            double sum = 0;
            foreach (double value in Span(xs[k]))
            {
                sum += value;
            }

            for (int j = 0; j < ys.Length; j++)
            {
                double weight = weights[j * xs.Length + k];
                ys[j] += weight == 0 ? 0 : weight * sum / xs[k].Count;
            }
        }
    }

    /// <inheritdoc/>
    public override void CombineMeansBackward(ReadOnlySpan<double> weights, Tensor dy, ReadOnlySpan<Sink> dxs)
    {
        for (int k = 0; k < dxs.Length; k++)
        {
            if (dxs[k].Tensor is not { } gradient)
            {
                continue;
            }

            Span<double> dx = Span(gradient);
            for (int i = 0; i < dx.Length; i++)
            {
                Put(dx, i, weights[k] * Span(dy)[0] / dx.Length, dxs[k].Adds);
            }
        }
    }
}
