using TinyFlow.Cpu.Loops;
using TinyFlow.Loops;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Sum(Tensor x, double scale, Sink y)
    {
        if (y.IsWanted)
        {
            Sum(new ElementFormula(In(x)), SumOnto(y.Tensor!.Shape, x.Shape, x.Shape, x.Shape), x.Count, scale, 0, y);
        }
    }

    /// <inheritdoc/>
    public override void Broadcast(Tensor x, double scale, Sink y)
    {
        if (y.IsWanted)
        {
            Nest rows = Nest.Over(y.Tensor!.Shape, x.Shape, x.Shape);
            long length = rows.TakeInner(out _, out long inner, out _);
            Map(new BroadcastFormula(new Operand(In(x), inner), (float)scale), rows, length, y);
        }
    }

    /// <summary>y = scale · sum of a formula's values, as the plan has it, + shift.</summary>
    private void Sum<TFormula>(TFormula formula, in SumPlan plan, long count, double scale, double shift, Sink y) where TFormula : struct, IFormula
    {
        Tensor result = y.Tensor!;
        if (count == 0)
        {
            if (!y.Adds)
            {
                Fill(result, shift);
            }

            return;
        }

        long bytes = result.Count * plan.ChunkCount * sizeof(double);
        double* partials = (double*)Pool.Rent(bytes, "partial sums");
        try
        {
            Run(plan.Pieces, new SumWork<TFormula>(formula, plan, partials));
            float* ys = Out(y);
            double* partial = partials;
            for (long i = 0; i < result.Count; i++)
            {
                double sum = 0;
                for (int chunk = 0; chunk < plan.ChunkCount; chunk++)
                {
                    sum += *partial++;
                }

                double value = scale * sum + shift;
                ys[i] = (float)(y.Adds ? ys[i] + value : value);
            }
        }
        finally
        {
            Pool.Return((nint)partials, bytes);
        }
    }

    /// <summary>The plan of a sum of a full shape over the axes in which a shape that broadcasts to it has size 1 or is missing.</summary>
    private static SumPlan SumOnto(Shape result, Shape full, Shape a, Shape b)
    {
        if (full.Count == 0)
        {
            return default;
        }

        (Nest kept, Nest summed, bool runIsSummed) = SumNests.Onto(result, full, a, b);
        return new SumPlan(kept, summed, runIsSummed);
    }
}
