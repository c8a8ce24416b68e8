using TinyFlow.Cpu.Loops;
using TinyFlow.Loops;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void GaussianLogProb(Tensor z, Tensor logProb)
    {
        int images = z.Shape[0];
        long size = z.Count / Math.Max(1, images);
        Shape flat = [images, checked((int)size)];
        Sum(new SquareFormula(In(z)), SumOnto([images, 1], flat, flat, flat), z.Count, -0.5, -0.5 * size * Math.Log(2 * Math.PI), logProb);
    }

    /// <inheritdoc/>
    public override void GaussianLogProbBackward(Tensor z, Tensor dlogProb, Sink dz)
    {
        int images = z.Shape[0];
        long size = z.Count / Math.Max(1, images);
        Nest rows = new();
        rows.Add(images, size, 1);
        Map(new NegatedProductFormula(In(z), new Operand(In(dlogProb), 0)), rows, size, dz);
    }
}
