using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Products;

/// <summary>
/// How c [m, n] (+)= a [m, k] · b [k, n] is cut for one register width: panels of b that stay in the first-level cache,
/// blocks of a in the second, tiles of c in registers. It depends on the sizes alone.
/// </summary>
internal readonly struct ProductPlan
{
    /// <summary>Rows of a block, a multiple of a tile's.</summary>
    public const int BlockRows = 8 * TileRows;

    /// <summary>Rows of a tile.</summary>
    public const int TileRows = 6;

    // Columns that a block of a is used for: so many that it pays to bring it into the second-level cache, and so many at
    // least that packing it costs little, if it is packed.
    private const int BlockColumns = 1024, LeastPackedColumns = 256;

    /// <summary>The most floats of the steps of a panel of b that are done at a time: 32 KB.</summary>
    public const int PanelSize = 8192;

    // Pieces that keep any number of cores busy that such products can use.
    private const int EnoughPieces = 16;

    private const int MostSteps = 256;

    private ProductPlan(int batches, int m, int n, int k, int panelColumns, bool packsLeft)
    {
        (Batches, M, N, K, PanelColumns) = (batches, m, n, k, panelColumns);
        Steps = Math.Min(MostSteps, PanelSize / panelColumns);
        Panels = Parts.Count(n, panelColumns);
        RowBlocks = Parts.Count(m, BlockRows);

        // Of few rows fewer columns: for one image too all workers have something to do.
        int least = packsLeft ? LeastPackedColumns / panelColumns : 1;
        PanelsPerBlock = (int)Math.Clamp((long)batches * RowBlocks * Panels / EnoughPieces, least, BlockColumns / panelColumns);
        ColumnBlocks = Parts.Count(Panels, PanelsPerBlock);
    }

    /// <summary>For products whose left operand has to be packed, or else is read where it is.</summary>
    public static ProductPlan For<T>(int batches, int m, int n, int k, bool packsLeft) where T : struct, ILanes<T> =>
        new(batches, m, n, k, BlockProducts<T>.Vectors * T.Count, packsLeft);

    public int Batches { get; }

    public int M { get; }

    public int N { get; }

    public int K { get; }

    /// <summary>Columns of a panel of b; the last one is filled up with zeros.</summary>
    public int PanelColumns { get; }

    /// <summary>Steps of the sum over k that are done at a time.</summary>
    public int Steps { get; }

    public int Panels { get; }

    public int PanelsPerBlock { get; }

    public int RowBlocks { get; }

    public int ColumnBlocks { get; }

    public int Pieces => checked(Batches * RowBlocks * ColumnBlocks);

    /// <summary>Whether each panel of b serves one piece alone, which then packs it for itself: b is not copied in memory.</summary>
    public bool UsesPanelsOnce(MatrixView b) => RowBlocks == 1 && (Batches == 1 || b.BatchStride != 0);

    public long PackedSize => (long)Panels * K * PanelColumns;
}
