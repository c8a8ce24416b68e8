using TinyFlow.Cpu.Normalizations;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void WeightNorm(Tensor v, Tensor g, Tensor w)
    {
        WeightNormRows rows = new(g.Count, v.Count);
        Run(rows.Pieces, new WeightNormWork(rows, In(v), In(g), Out(w)), v.Count);
    }

    /// <inheritdoc/>
    public override void WeightNormBackward(Tensor v, Tensor g, Tensor dw, Sink dv, Sink dg)
    {
        WeightNormRows rows = new(g.Count, v.Count);
        Run(rows.Pieces, new WeightNormGradientWork(rows, In(v), In(g), In(dw), Out(dv), dv.Adds, Out(dg), dg.Adds), v.Count);
    }
}
