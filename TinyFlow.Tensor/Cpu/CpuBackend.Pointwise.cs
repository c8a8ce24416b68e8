using TinyFlow.Cpu.Loops;
using TinyFlow.Cpu.Threads;
using TinyFlow.Loops;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Fill(Tensor y, double value) => Map(new ConstantFormula((float)value), y.Count, y);

    /// <inheritdoc/>
    public override void Pointwise<TOp>(Tensor x, Tensor y)
    {
        if (StaysChannelsLast(y, x))
        {
            MapHeld(new PointwiseFormula<TOp>(Held(x)), y.Count, y);
        }
        else
        {
            Map(new PointwiseFormula<TOp>(In(x)), y.Count, y);
        }
    }

    /// <inheritdoc/>
    public override void PointwiseBackward<TOp>(Tensor x, Tensor y, Tensor dy, Sink dx)
    {
        if (StaysChannelsLast(dx, x, y, dy))
        {
            MapHeld(new PointwiseGradient<TOp>(Held(x), Held(y), Held(dy)), x.Count, dx);
        }
        else
        {
            Map(new PointwiseGradient<TOp>(In(x), In(y), In(dy)), x.Count, dx);
        }
    }

    /// <inheritdoc/>
    public override void ScaleShift(Tensor x, double scale, double shift, Sink y)
    {
        if (StaysChannelsLast(y, x))
        {
            MapHeld(new ScaleShiftFormula(Held(x), (float)scale, (float)shift), x.Count, y);
        }
        else
        {
            Map(new ScaleShiftFormula(In(x), (float)scale, (float)shift), x.Count, y);
        }
    }

    /// <summary>y = formula over one run of elements.</summary>
    private void Map<TFormula>(TFormula formula, long count, Sink y) where TFormula : struct, IFormula =>
        Map(formula, new Nest(), count, y);

    /// <summary>The same in the order in which the elements are held.</summary>
    private void MapHeld<TFormula>(TFormula formula, long count, Sink y) where TFormula : struct, IFormula =>
        Map(formula, new Nest(), count, Held(y.Tensor!), y.Adds);

    /// <summary>y = formula over rows of <paramref name="length"/> elements each.</summary>
    private void Map<TFormula>(TFormula formula, Nest rows, long length, Sink y) where TFormula : struct, IFormula
    {
        if (y.IsWanted)
        {
            Map(formula, rows, length, Out(y), y.Adds);
        }
    }

    private void Map<TFormula>(TFormula formula, Nest rows, long length, float* y, bool adds) where TFormula : struct, IFormula
    {
        Pieces pieces = new(rows.Count, length);
        Run(pieces.Count, new MapWork<TFormula>(formula, rows, pieces, length, y, adds));
    }
}
