namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void Sum(Tensor x, double scale, Sink y)
    {
        if (!y.IsWanted)
        {
            return;
        }

        Strides strides = BroadcastStrides(y.Tensor!.Shape, x.Shape);
        Span<double> xs = Span(x), ys = Span(y.Tensor);
        double[] sums = new double[ys.Length];
        for (int i = 0; i < xs.Length; i++)
        {
            sums[Position(i, x.Shape, strides)] += xs[i];
        }

        for (int i = 0; i < ys.Length; i++)
        {
            Put(ys, i, scale * sums[i], y.Adds);
        }
    }

    /// <inheritdoc/>
    public override void Broadcast(Tensor x, double scale, Sink y)
    {
        if (!y.IsWanted)
        {
            return;
        }

        Shape result = y.Tensor!.Shape;
        Strides strides = BroadcastStrides(x.Shape, result);
        Span<double> xs = Span(x), ys = Span(y.Tensor);
        for (int i = 0; i < ys.Length; i++)
        {
            Put(ys, i, scale * xs[Position(i, result, strides)], y.Adds);
        }
    }
}
