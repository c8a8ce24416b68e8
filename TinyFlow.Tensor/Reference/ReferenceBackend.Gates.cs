namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void ConcatElu(Tensor x, Tensor y)
    {
        Span<double> xs = Span(x), ys = Span(y);
        static double Elu(double value) => value > 0 ? value : Math.Exp(value) - 1;
        for (int i = 0; i < xs.Length; i++)
        {
            (int first, int second) = Halves(x.Shape, i);
            (ys[first], ys[second]) = (Elu(xs[i]), Elu(-xs[i]));
        }
    }

    /// <inheritdoc/>
    public override void ConcatEluBackward(Tensor y, Tensor dy, Sink dx)
    {
        if (!dx.IsWanted)
        {
            return;
        }

        Span<double> ys = Span(y), dys = Span(dy), dxs = Span(dx.Tensor!);
        double Slope(double elu) => elu > 0 ? 1 : elu + 1;
        for (int i = 0; i < dxs.Length; i++)
        {
            (int first, int second) = Halves(dx.Tensor!.Shape, i);
            Put(dxs, i, dys[first] * Slope(ys[first]) - dys[second] * Slope(ys[second]), dx.Adds);
        }
    }

    /// <inheritdoc/>
    public override void GatedSum(Tensor x, Tensor gate, Tensor y)
    {
        Span<double> xs = Span(x), gates = Span(gate), ys = Span(y);
        for (int i = 0; i < xs.Length; i++)
        {
            (int value, int opening) = Halves(x.Shape, i);
            ys[i] = xs[i] + gates[value] / (1 + Math.Exp(-gates[opening]));
        }
    }

    /// <inheritdoc/>
    public override void GatedSumBackward(Tensor gate, Tensor dy, Sink dgate)
    {
        if (!dgate.IsWanted)
        {
            return;
        }

        Span<double> gates = Span(gate), dys = Span(dy), dgates = Span(dgate.Tensor!);
        for (int i = 0; i < dys.Length; i++)
        {
            (int value, int opening) = Halves(dy.Shape, i);
            double open = 1 / (1 + Math.Exp(-gates[opening]));
            Put(dgates, value, dys[i] * open, dgate.Adds);
            Put(dgates, opening, dys[i] * gates[value] * open * (1 - open), dgate.Adds);
        }
    }

    /// <summary>Where element i of [N, C, …] has its places in the two halves of [N, 2C, …].</summary>
    private static (int First, int Second) Halves(Shape half, int i)
    {
        int image = checked((int)(half.Count / half[0])), first = i + i / image * image;
        return (first, first + image);
    }
}
