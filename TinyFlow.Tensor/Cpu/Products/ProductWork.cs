using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Products;

/// <summary>A block of rows times a block of panels.</summary>
internal readonly unsafe struct ProductWork<T>(ProductPlan plan, MatrixView a, float* panels, nint panelsBatchStride, float* c, bool adds) : IWork
    where T : struct, ILanes<T>
{
    // The largest block of a: eight tiles of six rows times 256 steps.
    private const int LargestBlock = ProductPlan.BlockRows * 256;

    private readonly ProductPlan _plan = plan;
    private readonly MatrixView _a = a;
    private readonly float* _panels = panels, _c = c;
    private readonly nint _panelsBatchStride = panelsBatchStride;
    private readonly bool _adds = adds;

    [SkipLocalsInit]
    public void Run(int piece, int worker)
    {
        float* block = stackalloc float[LargestBlock];
        float* tile = stackalloc float[ProductPlan.TileRows * 64];
        (int rest, int columnBlock) = Math.DivRem(piece, _plan.ColumnBlocks);
        (int batch, int rowBlock) = Math.DivRem(rest, _plan.RowBlocks);
        int firstRow = rowBlock * ProductPlan.BlockRows, rows = Math.Min(ProductPlan.BlockRows, _plan.M - firstRow);
        int firstPanel = columnBlock * _plan.PanelsPerBlock, endPanel = Math.Min(_plan.Panels, firstPanel + _plan.PanelsPerBlock);
        float* a = _a.Data + batch * _a.BatchStride + firstRow * _a.RowStride;
        float* c = _c + ((long)batch * _plan.M + firstRow) * _plan.N;
        for (int step = 0; step < _plan.K; step += _plan.Steps)
        {
            int steps = Math.Min(_plan.Steps, _plan.K - step);
            Pack(a + step * _a.ColumnStride, _a.RowStride, _a.ColumnStride, block, rows, steps);
            for (int panel = firstPanel; panel < endPanel; panel++)
            {
                float* right = _panels + batch * _panelsBatchStride + ((long)panel * _plan.K + step) * _plan.PanelColumns;
                int firstColumn = panel * _plan.PanelColumns, columns = Math.Min(_plan.PanelColumns, _plan.N - firstColumn);
                for (int row = 0; row < rows; row += ProductPlan.TileRows)
                {
                    int tileRows = Math.Min(ProductPlan.TileRows, rows - row);
                    Tile(block + (nint)row * steps, right, steps, c + (long)row * _plan.N + firstColumn, tile, tileRows, columns, _adds || step > 0);
                }
            }
        }
    }

    /// <summary>Tiles of a, [tile, step, 6].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Pack(float* a, nint rowStride, nint stepStride, float* block, int rows, int steps)
    {
        for (int row = 0; row < rows; row += ProductPlan.TileRows)
        {
            int tileRows = Math.Min(ProductPlan.TileRows, rows - row);
            for (int i = 0; i < tileRows; i++)
            {
                float* from = a + (row + i) * rowStride, to = block + (nint)row * steps + i;
                for (int step = 0; step < steps; step++)
                {
                    *to = *from;
                    from += stepStride;
                    to += ProductPlan.TileRows;
                }
            }
        }
    }

    private void Tile(float* left, float* right, int steps, float* c, float* tile, int rows, int columns, bool adds)
    {
        int vectors = Parts.Count(columns, T.Count), valid = columns;
        bool isWhole = columns == vectors * T.Count;
        BlockOperands operands = new()
        {
            Left = &left,
            Segments = 1,
            Steps = steps,
            RowStride = 1,
            StepStride = ProductPlan.TileRows,
            Right = right,
            ColumnStride = _plan.PanelColumns,
            Result = isWhole ? c : tile,
            ResultStride = isWhole ? _plan.N : 64,
            Adds = isWhole && adds,
        };
        BlockProducts<T>.For(rows, vectors)(&operands);
        for (int row = 0; row < rows && !isWhole; row++)
        {
            float* from = tile + row * 64, to = c + (long)row * _plan.N;
            for (int column = 0; column < valid; column++)
            {
                to[column] = adds ? to[column] + from[column] : from[column];
            }
        }
    }
}
