using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Products;

/// <summary>A block of rows times a block of panels, which are packed already or else, if there are none, from b as it goes.</summary>
internal readonly unsafe struct ProductWork<T>(ProductPlan plan, MatrixView a, MatrixView b, float* panels, float* c, bool adds) : IWork
    where T : struct, ILanes<T>
{
    // The largest block of a: eight tiles of six rows times 256 steps.
    private const int LargestBlock = ProductPlan.BlockRows * 256;

    private readonly ProductPlan _plan = plan;
    private readonly MatrixView _a = a, _b = b;
    private readonly float* _panels = panels, _c = c;
    private readonly bool _adds = adds;

    /// <summary>Whether a is packed. Rows whose numbers lie side by side are read where they are.</summary>
    public static bool Packs(MatrixView a) => a.ColumnStride != 1;

    [SkipLocalsInit]
    public void Run(int piece, int worker)
    {
        float* block = stackalloc float[LargestBlock], memory = stackalloc float[ProductPlan.PanelSize + CacheLine.Length], packed = CacheLine.Aligned(memory);
        float* tile = stackalloc float[ProductPlan.TileRows * 64];
        (int rest, int columnBlock) = Math.DivRem(piece, _plan.ColumnBlocks);
        (int batch, int rowBlock) = Math.DivRem(rest, _plan.RowBlocks);
        int firstRow = rowBlock * ProductPlan.BlockRows, rows = Math.Min(ProductPlan.BlockRows, _plan.M - firstRow);
        int firstPanel = columnBlock * _plan.PanelsPerBlock, endPanel = Math.Min(_plan.Panels, firstPanel + _plan.PanelsPerBlock);
        float* a = _a.Data + batch * _a.BatchStride + firstRow * _a.RowStride;
        float* c = _c + ((long)batch * _plan.M + firstRow) * _plan.N;
        float* panels = _panels + (_b.BatchStride == 0 ? 0 : batch * _plan.PackedSize);
        for (int step = 0; step < _plan.K; step += _plan.Steps)
        {
            int steps = Math.Min(_plan.Steps, _plan.K - step);
            bool isPacked = Packs(_a);
            if (isPacked)
            {
                Pack(a + step * _a.ColumnStride, _a.RowStride, _a.ColumnStride, block, rows, steps);
            }

            for (int panel = firstPanel; panel < endPanel; panel++)
            {
                float* right = packed;
                if (_panels is null)
                {
                    Panel<T>.Pack(_plan, _b, batch, panel, step, steps, packed);
                }
                else
                {
                    right = panels + ((long)panel * _plan.K + step) * _plan.PanelColumns;
                }

                int firstColumn = panel * _plan.PanelColumns, columns = Math.Min(_plan.PanelColumns, _plan.N - firstColumn);
                for (int row = 0; row < rows; row += ProductPlan.TileRows)
                {
                    int tileRows = Math.Min(ProductPlan.TileRows, rows - row);
                    MatrixView left = isPacked ? new(block + (nint)row * steps, 1, ProductPlan.TileRows) : new(a + row * _a.RowStride + step, _a.RowStride, 1);
                    Tile(left, right, steps, c + (long)row * _plan.N + firstColumn, tile, tileRows, columns, _adds || step > 0);
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

    private void Tile(MatrixView a, float* right, int steps, float* c, float* tile, int rows, int columns, bool adds)
    {
        int vectors = Parts.Count(columns, T.Count), valid = columns;
        bool isWhole = columns == vectors * T.Count;
        float* left = a.Data;
        BlockOperands operands = new()
        {
            Left = &left,
            Segments = 1,
            Steps = steps,
            RowStride = a.RowStride,
            StepStride = a.ColumnStride,
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
