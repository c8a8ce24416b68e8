namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void WeightNorm(Tensor v, Tensor g, Tensor w)
    {
        Span<double> vs = Span(v), gs = Span(g), ws = Span(w);
        int length = vs.Length / Math.Max(1, gs.Length);
        for (int row = 0; row < gs.Length; row++)
        {
            Span<double> direction = vs.Slice(row * length, length), weight = ws.Slice(row * length, length);
            double norm = Math.Sqrt(Dot(direction, direction));
            for (int i = 0; i < length; i++)
            {
                weight[i] = gs[row] * direction[i] / norm;
            }
        }
    }

    /// <inheritdoc/>
    public override void WeightNormBackward(Tensor v, Tensor g, Tensor dw, Sink dv, Sink dg)
    {
        Span<double> vs = Span(v), gs = Span(g), dws = Span(dw);
        int length = vs.Length / Math.Max(1, gs.Length);
        for (int row = 0; row < gs.Length; row++)
        {
            Span<double> direction = vs.Slice(row * length, length), dweight = dws.Slice(row * length, length);
            double squares = Dot(direction, direction), norm = Math.Sqrt(squares), along = Dot(direction, dweight);
            if (dg.Tensor is { } lengths)
            {
                Put(Span(lengths), row, along / norm, dg.Adds);
            }

            for (int i = 0; i < length && dv.IsWanted; i++)
            {
                // What would change v's length alone changes nothing.
                Put(Span(dv.Tensor!), row * length + i, gs[row] / norm * (dweight[i] - direction[i] * along / squares), dv.Adds);
            }
        }
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
