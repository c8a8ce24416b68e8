using System.Numerics;
using System.Runtime.InteropServices;
using TinyFlow.Loops;

namespace TinyFlow.Cuda.Arguments;

/// <summary>
/// How a sum over axes is spread over a device's threads (<c>tf_sum_layout</c> in axis_sums.h), by the shapes alone, so that its
/// order is the same on every device. Few results of many summands each are cut into chunks, whose sums a second kernel adds up.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct SumLayout
{
    private const int BlockThreads = LaunchGrid.UsualThreads, Warp = 32;

    // Summands that a thread adds up by itself before others help it.
    private const int FewSummands = 4;

    // From so many summands on a result has a block, or blocks of which each thread adds at least so many.
    private const long LongSum = 1024, LeastSummandsEach = 8;

    // So many blocks keep any device busy.
    private const long EnoughBlocks = 2048;

    // The rows of threads in a block that sums columns, at most.
    private const int MostRows = 8;

    private readonly int _threads, _columns;
    private readonly long _results, _summands, _chunkLength;
    private readonly Divisor _chunks, _columnBlocks, _runLength;
    private readonly LoopsArgument _kept, _summed;

    /// <summary>The layout of a sum that has at least one summand and one result.</summary>
    public SumLayout(in SumNests nests, out LaunchGrid grid)
    {
        (_results, _summands) = (nests.Kept.Count, nests.Summed.Count);
        (_kept, _summed) = (new LoopsArgument(nests.Kept), new LoopsArgument(nests.Summed));
        (_threads, _columns) = (1, 1);
        long runLength = 1, columnBlocks = 1, blocks, mostChunks;
        if (nests.RunIsSummed)
        {
            // Threads side by side in a result's run.
            _threads = _summands >= LongSum ? BlockThreads : PowerOfTwo(_summands / FewSummands, Warp);
            blocks = (_results * _threads + BlockThreads - 1) / BlockThreads;
            mostChunks = _summands / (LeastSummandsEach * BlockThreads);
        }
        else
        {
            // Threads side by side in a run of results, in rows that share the summands.
            Nest outer = nests.Kept;
            runLength = outer.TakeInner(out _, out _, out _);
            _columns = Math.Min(BlockThreads / PowerOfTwo(_summands / FewSummands, MostRows), PowerOfTwo(runLength, BlockThreads));
            columnBlocks = (runLength + _columns - 1) / _columns;
            blocks = outer.Count * columnBlocks;
            mostChunks = _summands / (LeastSummandsEach * (BlockThreads / _columns));
        }

        long wanted = Math.Max(1, Math.Min(mostChunks, EnoughBlocks / blocks));
        _chunkLength = (_summands + wanted - 1) / wanted;
        _chunks = new Divisor((_summands + _chunkLength - 1) / _chunkLength);
        (_columnBlocks, _runLength) = (new Divisor(columnBlocks), new Divisor(runLength));
        grid = LaunchGrid.OverBlocks(blocks * Chunks);
    }

    /// <summary>How many partial sums each result has.</summary>
    public long Chunks => (long)_chunks.Value;

    // The least power of two that is not below a number, up to a limit.
    private static int PowerOfTwo(long number, int limit) => (int)BitOperations.RoundUpToPowerOf2((ulong)Math.Clamp(number, 1, limit));
}
