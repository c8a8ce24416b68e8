using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;

namespace TinyFlow.Cpu.Products;

/// <summary>Copies b into panels [batch, panel, k, columns of a panel], so that kernels read it from front to back.</summary>
internal readonly unsafe struct PackPanels(ProductPlan plan, MatrixView b, float* packed) : IWork
{
    private readonly ProductPlan _plan = plan;
    private readonly MatrixView _b = b;
    private readonly float* _packed = packed;

    public void Run(int piece, int worker)
    {
        (int batch, int panel) = Math.DivRem(piece, _plan.Panels);
        int columns = _plan.PanelColumns, first = panel * columns, valid = Math.Min(columns, _plan.N - first);
        float* to = _packed + batch * _plan.PackedSize + (long)panel * _plan.K * columns;
        float* from = _b.Data + batch * _b.BatchStride + first * _b.ColumnStride;
        if (_b.ColumnStride == 1)
        {
            CopyRows(from, _b.RowStride, to, _plan.K, valid, columns);
        }
        else
        {
            CopyColumns(from, _b.RowStride, _b.ColumnStride, to, _plan.K, valid, columns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void CopyRows(float* from, nint rowStride, float* to, int rows, int valid, int columns)
    {
        for (int row = 0; row < rows; row++)
        {
            Buffer.MemoryCopy(from, to, valid * sizeof(float), valid * sizeof(float));
            for (int column = valid; column < columns; column++)
            {
                to[column] = 0;
            }

            from += rowStride;
            to += columns;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void CopyColumns(float* from, nint rowStride, nint columnStride, float* to, int rows, int valid, int columns)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                to[column] = column < valid ? from[column * columnStride] : 0;
            }

            from += rowStride;
            to += columns;
        }
    }
}
