using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Products;

/// <summary>A few columns of b, [step, column], whose columns beyond the last of b are zeros.</summary>
internal static unsafe class Panel<T> where T : struct, ILanes<T>
{
    /// <summary>Copies steps of a panel of b to where they lie one after the other.</summary>
    public static void Pack(ProductPlan plan, MatrixView b, int batch, int panel, int firstStep, int steps, float* to)
    {
        int columns = plan.PanelColumns, first = panel * columns, valid = Math.Min(columns, plan.N - first);
        float* from = b.Data + batch * b.BatchStride + firstStep * b.RowStride + first * b.ColumnStride;
        if (b.ColumnStride == 1)
        {
            CopyRows(from, b.RowStride, to, steps, valid, columns);
            return;
        }

        // What is read along its columns is a transpose: its rows lie side by side.
        Transposition.Run(from, b.ColumnStride, to, columns, valid, steps, adds: false);
        for (int step = 0; step < steps && valid < columns; step++)
        {
            new Span<float>(to + (nint)step * columns + valid, columns - valid).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void CopyRows(float* from, nint rowStride, float* to, int rows, int valid, int columns)
    {
        for (int row = 0; row < rows; row++)
        {
            int column = 0;
            for (; column + T.Count <= valid; column += T.Count)
            {
                T.Store(T.Load(from + column), to + column);
            }

            if (column < columns)
            {
                T.Store(column < valid ? T.First(T.Load(from + column), valid - column) : T.Zero, to + column);
                for (column += T.Count; column < columns; column += T.Count)
                {
                    T.Store(T.Zero, to + column);
                }
            }

            from += rowStride;
            to += columns;
        }
    }
}
