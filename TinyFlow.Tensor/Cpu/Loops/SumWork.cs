using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Loops;

namespace TinyFlow.Cpu.Loops;

/// <summary>Adds up the values of a formula into float64 partial sums [result, chunk].</summary>
internal readonly unsafe struct SumWork<TFormula>(TFormula formula, SumPlan plan, double* partials) : IVectorWork
    where TFormula : struct, IFormula
{
    private readonly TFormula _formula = formula;
    private readonly SumPlan _plan = plan;
    private readonly double* _partials = partials;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        if (_plan.RunIsSummed)
        {
            SumRuns<T>(piece);
        }
        else
        {
            SumColumns<T>(piece);
        }
    }

    private void SumRuns<T>(int piece) where T : struct, ILanes<T>
    {
        (int group, int chunk) = Math.DivRem(piece, _plan.ChunkCount);
        _plan.Chunks.Get(chunk, out long firstRow, out long endRow, out long start, out long end);
        long firstResult = group * _plan.ResultsPerPiece, endResult = Math.Min(_plan.Results, firstResult + _plan.ResultsPerPiece);
        for (long result = firstResult; result < endResult; result++)
        {
            _plan.Kept.Locate(result, out long p, out long a, out long b);
            Accumulator<T> sum = default;
            for (long row = firstRow; row < endRow; row++)
            {
                _plan.Summed.Locate(row, out long rowP, out long rowA, out long rowB);
                sum = SumRun(_formula, sum, p + rowP, a + rowA, b + rowB, start, end);
            }

            _partials[result * _plan.ChunkCount + chunk] = sum.Total();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Accumulator<T> SumRun<T>(TFormula formula, Accumulator<T> sum, long p, long a, long b, long start, long end)
        where T : struct, ILanes<T>
    {
        // Four registers are added as a tree before their sum meets the accumulator, which costs more.
        long i = start;
        for (; i <= end - 4 * T.Count; i += 4 * T.Count)
        {
            T first = formula.At<T>(p, a, b, i) + formula.At<T>(p, a, b, i + T.Count);
            T second = formula.At<T>(p, a, b, i + 2 * T.Count) + formula.At<T>(p, a, b, i + 3 * T.Count);
            sum.Add(first + second);
        }

        for (; i <= end - T.Count; i += T.Count)
        {
            sum.Add(formula.At<T>(p, a, b, i));
        }

        if (i < end)
        {
            sum.Add(T.First(formula.At<T>(p, a, b, i), (int)(end - i)));
        }

        return sum;
    }

    private void SumColumns<T>(int piece) where T : struct, ILanes<T>
    {
        (long rest, long chunk) = Math.DivRem(piece, _plan.ChunkCount);
        (long outer, long block) = Math.DivRem(rest, _plan.ColumnBlocks);
        long firstColumn = block * SumPlan.ColumnsPerBlock, endColumn = Math.Min(_plan.Length, firstColumn + SumPlan.ColumnsPerBlock);
        long firstRow = chunk * _plan.RowsPerChunk, endRow = Math.Min(_plan.Summed.Count, firstRow + _plan.RowsPerChunk);
        _plan.Kept.Locate(outer, out long p, out long a, out long b);
        double* lanes = stackalloc double[T.Count];
        for (long column = firstColumn; column < endColumn; column += T.Count)
        {
            int count = (int)Math.Min(T.Count, endColumn - column);
            Accumulator<T> sum = SumColumn<T>(_formula, in _plan, p, a, b, column, firstRow, endRow);
            sum.Totals(lanes);
            for (int lane = 0; lane < count; lane++)
            {
                _partials[(outer * _plan.Length + column + lane) * _plan.ChunkCount + chunk] = lanes[lane];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Accumulator<T> SumColumn<T>(
        TFormula formula, in SumPlan plan, long p, long a, long b, long column, long firstRow, long endRow)
        where T : struct, ILanes<T>
    {
        Nest rows = plan.Summed;
        Accumulator<T> sum = default;
        for (long row = firstRow; row < endRow; row++)
        {
            rows.Locate(row, out long rowP, out long rowA, out long rowB);
            sum.Add(formula.At<T>(p + rowP, a + rowA, b + rowB, column));
        }

        return sum;
    }
}
