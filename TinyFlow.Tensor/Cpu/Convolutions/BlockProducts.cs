using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>The block products by size. A size that is never asked for is never compiled.</summary>
internal static unsafe class BlockProducts<T> where T : struct, ILanes<T>
{
    /// <summary>The most rows of a block.</summary>
    public const int Rows = 6;

    private static readonly nint[] Kernels =
    [
        .. ByVectors<One>(), .. ByVectors<Two>(), .. ByVectors<Three>(), .. ByVectors<Four>(), .. ByVectors<Five>(), .. ByVectors<Six>(),
    ];

    /// <summary>The most vectors that a block may have whatever its number of rows.</summary>
    public static int Vectors => VectorsBeside(Rows);

    /// <summary>The most vectors of a block of so many rows: their sums, the vectors themselves and two factors must fit into the registers.</summary>
    public static int VectorsBeside(int rows) => Math.Clamp((LaneTraits.Registers<T>() - 2) / (rows + 1), 1, 4);

    /// <summary>The kernel for a block.</summary>
    public static delegate*<BlockOperands*, void> For(int rows, int vectors) =>
        (delegate*<BlockOperands*, void>)Kernels[(rows - 1) * 4 + vectors - 1];

    private static nint[] ByVectors<TRows>() where TRows : struct, INumberOf =>
    [
        (nint)(delegate*<BlockOperands*, void>)&BlockProduct<T, TRows, One>.Run,
        (nint)(delegate*<BlockOperands*, void>)&BlockProduct<T, TRows, Two>.Run,
        (nint)(delegate*<BlockOperands*, void>)&BlockProduct<T, TRows, Three>.Run,
        (nint)(delegate*<BlockOperands*, void>)&BlockProduct<T, TRows, Four>.Run,
    ];
}
