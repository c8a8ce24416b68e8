using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Cuda.Arguments;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    // TF_MOST_PARTS of steps.cu.
    private const int MostParts = 16;

    /// <inheritdoc/>
    public void TakeRow(Tensor table, Tensor row, Tensor y) => Launch("tf_take_row", LaunchGrid.Blocks(1, 32), new TakeRowArguments
    {
        Table = Address(table),
        Row = Address(row),
        Y = Address(y),
        Rows = table.Shape[0],
        Width = y.Count,
    });

    /// <inheritdoc/>
    public void PutRow(ReadOnlySpan<Tensor> parts, Tensor row, Tensor table)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts.Length, MostParts, nameof(parts));
        long length = parts[0].Count;
        PutRowArguments arguments = new() { Row = Address(row), Table = Address(table), Rows = table.Shape[0], Width = parts.Length * length, Length = new Divisor(length) };
        for (int i = 0; i < parts.Length; i++)
        {
            arguments.Parts[i] = Address(parts[i]);
        }

        Launch("tf_put_row", LaunchGrid.Over(arguments.Width), arguments);
    }

    /// <inheritdoc/>
    public void MoveAverage(Tensor x, Tensor kept, Tensor taken, Tensor guard, Tensor average)
    {
        MoveAverageArguments arguments = new()
        {
            X = Address(x),
            Kept = Address(kept),
            Taken = Address(taken),
            Guard = Address(guard),
            Average = Address(average),
            Count = x.Count,
        };
        arguments.Vectors = Quads.AreVectors(arguments.X, arguments.Average);
        Launch("tf_move_average", LaunchGrid.Over(Quads.Count(x.Count)), arguments);
    }

    /// <inheritdoc/>
    public void RestoreUnlessFinite(Tensor guard, Tensor x, Tensor y) => Launch("tf_restore_unless_finite", LaunchGrid.Over(x.Count), new RestoreArguments
    {
        Guard = Address(guard),
        X = Address(x),
        Y = Address(y),
        Count = x.Count,
    });

    [StructLayout(LayoutKind.Sequential)]
    private struct TakeRowArguments
    {
        public ulong Table, Row, Y;
        public long Rows, Width;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PutRowArguments
    {
        public fixed ulong Parts[MostParts];
        public ulong Row, Table;
        public long Rows, Width;
        public Divisor Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MoveAverageArguments
    {
        public ulong X, Kept, Taken, Guard, Average;
        public long Count;
        public int Vectors;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct RestoreArguments
    {
        public ulong Guard, X, Y;
        public long Count;
    }
}
