using TinyFlow.Loops;

namespace TinyFlow.Cpu.Loops;

/// <summary>
/// How a sum over some axes is cut: loops over the axes that stay (operand 0 is the full shape), loops over those that
/// are summed, and the contiguous run inside, which is of either kind. It depends on the shapes alone.
/// </summary>
internal readonly struct SumPlan
{
    // So many results keep all threads busy without cutting the sums themselves.
    private const int ManyResults = 4096;

    // So many neighbouring results are summed together.
    private const int Columns = 1024;

    /// <param name="kept">The loops over results.</param>
    /// <param name="summed">The loops over what is summed.</param>
    /// <param name="runIsSummed">Which of the two has the innermost loop, the contiguous one.</param>
    public SumPlan(Nest kept, Nest summed, bool runIsSummed)
    {
        RunIsSummed = runIsSummed;
        (InnerA, InnerB) = (0, 0);
        Results = kept.Count;
        if (runIsSummed)
        {
            Length = summed.TakeInner(out _, out long a, out long b);
            (InnerA, InnerB) = (a, b);
            Chunks = new Threads.Pieces(summed.Count, Length);
            ChunkCount = Chunks.Count;
            long each = summed.Count * Length;
            ResultsPerPiece = ChunkCount > 1 ? 1 : Math.Max(1, Threads.Pieces.Grain / each);
            Pieces = checked((int)((Results + ResultsPerPiece - 1) / ResultsPerPiece * ChunkCount));
        }
        else
        {
            Length = kept.TakeInner(out _, out long a, out long b);
            (InnerA, InnerB) = (a, b);
            RowsPerChunk = Results >= ManyResults ? summed.Count : Math.Min(summed.Count, Math.Max(1, Threads.Pieces.Grain / Math.Min(Length, Columns)));
            ChunkCount = (int)((summed.Count + RowsPerChunk - 1) / RowsPerChunk);
            ColumnBlocks = (Length + Columns - 1) / Columns;
            Pieces = checked((int)(kept.Count * ColumnBlocks * ChunkCount));
        }

        (Kept, Summed) = (kept, summed);
    }

    public Nest Kept { get; }

    public Nest Summed { get; }

    public bool RunIsSummed { get; }

    /// <summary>The length of the contiguous run, and the distances of the two operands within it (0 or 1).</summary>
    public long Length { get; }

    public long InnerA { get; }

    public long InnerB { get; }

    public long Results { get; }

    /// <summary>How many partial sums each result has.</summary>
    public int ChunkCount { get; }

    public int Pieces { get; }

    /// <summary>For a summed run: which runs, and what of them, belong to a chunk.</summary>
    public Threads.Pieces Chunks { get; }

    public long ResultsPerPiece { get; }

    /// <summary>For a kept run: how many summands of each result belong to a chunk.</summary>
    public long RowsPerChunk { get; }

    public long ColumnBlocks { get; }

    public static int ColumnsPerBlock => Columns;
}
