using TinyFlow.Pointwise;

namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void Fill(Tensor y, double value) => Span(y).Fill(value);

    /// <inheritdoc/>
    public override void Pointwise<TOp>(Tensor x, Tensor y)
    {
        Span<double> xs = Span(x), ys = Span(y);
        for (int i = 0; i < ys.Length; i++)
        {
            ys[i] = TOp.Forward(new Float64(xs[i])).Value;
        }
    }

    /// <inheritdoc/>
    public override void PointwiseBackward<TOp>(Tensor x, Tensor y, Tensor dy, Sink dx)
    {
        if (!dx.IsWanted)
        {
            return;
        }

        Span<double> xs = Span(x), ys = Span(y), dys = Span(dy), dxs = Span(dx.Tensor!);
        for (int i = 0; i < dxs.Length; i++)
        {
            Put(dxs, i, dys[i] * TOp.Derivative(new Float64(xs[i]), new Float64(ys[i])).Value, dx.Adds);
        }
    }

    /// <inheritdoc/>
    public override void ScaleShift(Tensor x, double scale, double shift, Sink y)
    {
        if (!y.IsWanted)
        {
            return;
        }

        Span<double> xs = Span(x), ys = Span(y.Tensor!);
        for (int i = 0; i < ys.Length; i++)
        {
            Put(ys, i, scale * xs[i] + shift, y.Adds);
        }
    }
}
