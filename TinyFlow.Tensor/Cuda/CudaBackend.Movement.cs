using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Cuda.Arguments;
using TinyFlow.Loops;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    // The side of a tile in movement.cu, and the least side of a matrix that is worth it.
    private const int Tile = 32, LeastTransposed = 8;

    /// <inheritdoc/>
    public void Copy(Tensor x, Walk from, Sink y, Walk to, Shape extent)
    {
        if (!y.IsWanted || extent.Count == 0)
        {
            return;
        }

        ulong source = Address(x) + (ulong)(from.Start * sizeof(float));
        (ulong destination, int adds) = SinkAddress(y);
        destination += (ulong)(to.Start * sizeof(float));
        Nest walks = InWriteOrder(from.Strides, to.Strides, extent);
        int innermost = walks.Rank - 1;
        long toStep = innermost < 0 ? 1 : walks.Stride(innermost, 0), fromStep = innermost < 0 ? 1 : walks.Stride(innermost, 1);
        if (toStep == 1 && fromStep is 0 or 1)
        {
            CopyRuns(source, destination, adds, walks);
        }
        else if (toStep == 1 && ContiguousSource(walks) is var columns and >= 0)
        {
            CopyTiles(source, destination, adds, walks, columns);
        }
        else
        {
            Launch("tf_copy", LaunchGrid.Over(walks.Count), new CopyArguments { X = source, Y = destination, Count = walks.Count, Adds = adds, Loops = new LoopsArgument(walks) });
        }
    }

    /// <summary>The loops of both walks, that of y first, in the order in which the elements of y lie: what is written is neighbours.</summary>
    private static Nest InWriteOrder(Strides from, Strides to, Shape extent)
    {
        Span<int> axes = stackalloc int[extent.Rank];
        for (int axis = 0; axis < axes.Length; axis++)
        {
            // Insertion behind all that are at least as far apart.
            int place = axis;
            for (; place > 0 && to[axes[place - 1]] < to[axis]; place--)
            {
                axes[place] = axes[place - 1];
            }

            axes[place] = axis;
        }

        Nest walks = new();
        foreach (int axis in axes)
        {
            walks.Add(extent[axis], to[axis], from[axis]);
        }

        return walks;
    }

    /// <summary>The loop along which x is contiguous, if it and the innermost one make a matrix that is worth transposing in tiles; else −1.</summary>
    private static int ContiguousSource(in Nest walks)
    {
        int innermost = walks.Rank - 1;
        for (int loop = 0; loop < innermost; loop++)
        {
            if (walks.Stride(loop, 1) == 1)
            {
                return Math.Min(walks.Size(loop), walks.Size(innermost)) >= LeastTransposed ? loop : -1;
            }
        }

        return -1;
    }

    private void CopyRuns(ulong source, ulong destination, int adds, in Nest walks)
    {
        RunsArgument runs = new(walks, out bool allFour);
        CopyRunsArguments arguments = new() { X = source, Y = destination, Adds = adds, Runs = runs };
        arguments.Vectors = allFour ? Quads.AreVectors(runs.RepeatsA ? 0 : source, destination) : 0;
        Launch("tf_copy_runs", runs.Grid, arguments);
    }

    private void CopyTiles(ulong source, ulong destination, int adds, in Nest walks, int columns)
    {
        int rows = walks.Rank - 1;
        Nest outer = new();
        for (int loop = 0; loop < rows; loop++)
        {
            if (loop != columns)
            {
                outer.Add(walks.Size(loop), walks.Stride(loop, 0), walks.Stride(loop, 1));
            }
        }

        long rowTiles = (walks.Size(rows) + Tile - 1) / Tile, columnTiles = (walks.Size(columns) + Tile - 1) / Tile;
        Launch("tf_copy_tiles", LaunchGrid.OverBlocks(outer.Count * rowTiles * columnTiles), new CopyTilesArguments
        {
            X = source,
            Y = destination,
            Rows = walks.Size(rows),
            Columns = walks.Size(columns),
            XStride = walks.Stride(rows, 1),
            YStride = walks.Stride(columns, 0),
            Batches = outer.Count,
            RowTiles = new Divisor(rowTiles),
            ColumnTiles = new Divisor(columnTiles),
            Adds = adds,
            Loops = new LoopsArgument(outer),
        });
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CopyArguments
    {
        public ulong X, Y;
        public long Count;
        public int Adds;
        public LoopsArgument Loops;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CopyRunsArguments
    {
        public ulong X, Y;
        public int Vectors, Adds;
        public RunsArgument Runs;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CopyTilesArguments
    {
        public ulong X, Y;
        public long Rows, Columns, XStride, YStride, Batches;
        public Divisor RowTiles, ColumnTiles;
        public int Adds;
        public LoopsArgument Loops;
    }
}
