using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Cuda.Arguments;
using TinyFlow.Loops;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    private static readonly SumFormula Elements = new("elements");

    /// <inheritdoc/>
    public void Sum(Tensor x, double scale, Sink y)
    {
        if (y.IsWanted)
        {
            Sum(Elements, new SumOperands { X = Address(x) }, SumNests.Onto(y.Tensor!.Shape, x.Shape, x.Shape, x.Shape), scale, y);
        }
    }

    /// <inheritdoc/>
    public void Broadcast(Tensor x, double scale, Sink y)
    {
        if (!y.IsWanted)
        {
            return;
        }

        RunsArgument runs = new(Nest.Over(y.Tensor!.Shape, x.Shape, x.Shape), out bool allFour);
        BroadcastArguments arguments = new() { X = Address(x), Factor = (float)scale, Runs = runs };
        (arguments.Y, arguments.Adds) = SinkAddress(y);
        arguments.Vectors = allFour ? Quads.AreVectors(AlignedA(runs, x), arguments.Y) : 0;
        Launch("tf_broadcast", runs.Grid, arguments);
    }

    /// <summary>y = factor · the sums of a formula's values: in one pass, or in chunks and a second one.</summary>
    private void Sum(SumFormula formula, SumOperands operands, in SumNests nests, double factor, Sink y)
    {
        (ulong result, int adds) = SinkAddress(y);
        if (nests.Kept.Count * nests.Summed.Count == 0)
        {
            if (adds == 0)
            {
                Fill(y.Tensor!, 0);
            }

            return;
        }

        SumArguments arguments = new() { Operands = operands, Adds = adds, Factor = (float)factor, Result = result, Layout = new SumLayout(nests, out LaunchGrid grid) };
        string kernel = nests.RunIsSummed ? formula.Rows : formula.Columns;
        long results = y.Tensor!.Count, chunks = arguments.Layout.Chunks;
        if (chunks == 1)
        {
            Launch(kernel, grid, arguments);
            return;
        }

        using Tensor chunkSums = Scratch([checked((int)results), checked((int)chunks), 2]);
        arguments.ChunkSums = Address(chunkSums);
        Launch(kernel, grid, arguments);
        Launch("tf_sum_chunks", LaunchGrid.OverWarps(results), new SumChunksArguments
        {
            ChunkSums = arguments.ChunkSums,
            Result = result,
            Results = results,
            Chunks = chunks,
            Factor = (float)factor,
            Adds = adds,
        });
    }

    /// <summary>What is summed: the names of its two kernels, made once.</summary>
    private sealed class SumFormula(string name)
    {
        /// <summary>Sums along contiguous runs.</summary>
        public string Rows { get; } = $"tf_sum_rows_of_{name}";

        /// <summary>Sums across contiguous runs of results.</summary>
        public string Columns { get; } = $"tf_sum_columns_of_{name}";
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SumOperands
    {
        public ulong X, A, B, Y;
        public int Right;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SumArguments
    {
        public SumOperands Operands;
        public float Factor;
        public int Adds;
        public ulong Result, ChunkSums;
        public SumLayout Layout;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SumChunksArguments
    {
        public ulong ChunkSums, Result;
        public long Results, Chunks;
        public float Factor;
        public int Adds;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct BroadcastArguments
    {
        public ulong X, Y;
        public float Factor;
        public int Vectors, Adds;
        public RunsArgument Runs;
    }
}
