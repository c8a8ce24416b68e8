namespace TinyFlow;

public partial class ReferenceBackend
{
    /// <inheritdoc/>
    public override void Copy(Tensor x, Walk from, Sink y, Walk to, Shape extent)
    {
        if (!y.IsWanted)
        {
            return;
        }

        Span<double> xs = Span(x), ys = Span(y.Tensor!);
        for (long i = 0; i < extent.Count; i++)
        {
            Put(ys, to.Start + Position(i, extent, to.Strides), xs[(int)from.Start + Position(i, extent, from.Strides)], y.Adds);
        }
    }
}
