using TinyFlow.Cpu.Loops;
using TinyFlow.Loops;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Binary<TOp>(Tensor a, Tensor b, Tensor y)
    {
        if (StaysChannelsLast(y, a, b))
        {
            MapHeld(new BinaryFormula<TOp>(new Operand(Held(a), 1), new Operand(Held(b), 1)), y.Count, y);
            return;
        }

        Nest rows = Nest.Over(y.Shape, a.Shape, b.Shape);
        long length = rows.TakeInner(out _, out long innerA, out long innerB);
        Map(new BinaryFormula<TOp>(new Operand(In(a), innerA), new Operand(In(b), innerB)), rows, length, y);
    }

    /// <inheritdoc/>
    public override void BinaryBackward<TOp>(Tensor a, Tensor b, Tensor y, Tensor dy, Sink da, Sink db)
    {
        if (StaysChannelsLast(da, a, b, y, dy))
        {
            MapHeld(new LeftGradient<TOp>(new Operand(Held(a), 1), new Operand(Held(b), 1), Held(y), Held(dy)), y.Count, da);
        }
        else if (da.IsWanted)
        {
            SumPlan plan = SumOnto(a.Shape, y.Shape, a.Shape, b.Shape);
            LeftGradient<TOp> gradient = new(new Operand(In(a), plan.InnerA), new Operand(In(b), plan.InnerB), In(y), In(dy));
            SumOrMap(gradient, plan, y.Count, da);
        }

        if (StaysChannelsLast(db, a, b, y, dy))
        {
            MapHeld(new RightGradient<TOp>(new Operand(Held(a), 1), new Operand(Held(b), 1), Held(y), Held(dy)), y.Count, db);
        }
        else if (db.IsWanted)
        {
            SumPlan plan = SumOnto(b.Shape, y.Shape, a.Shape, b.Shape);
            RightGradient<TOp> gradient = new(new Operand(In(a), plan.InnerA), new Operand(In(b), plan.InnerB), In(y), In(dy));
            SumOrMap(gradient, plan, y.Count, db);
        }
    }

    /// <summary>The gradient of an operand: a map if it has the full shape, else a sum over what was broadcast.</summary>
    private void SumOrMap<TFormula>(TFormula gradient, in SumPlan plan, long count, Sink y) where TFormula : struct, IFormula
    {
        if (count > 0 && plan.Results == count && !plan.RunIsSummed)
        {
            Map(gradient, plan.Kept, plan.Length, y);
        }
        else
        {
            Sum(gradient, plan, count, 1, 0, y);
        }
    }
}
