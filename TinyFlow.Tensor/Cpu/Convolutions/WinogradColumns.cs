using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// The columns of a tile of inputs between the two halves of its transform, of one vector of channels after the other: 6x6
/// vectors each, row after row. A tile's last two columns are the first two of the tile to its right, which finds them here:
/// columns stand in a ring, whose start moves on by four from tile to tile.
/// </summary>
internal unsafe struct WinogradColumns<T> where T : struct, ILanes<T>
{
    private const int Window = WinogradTile.Points, Overlap = Window - WinogradTile.MostSide, Pairs = Window / 2;

    // What is kept has to stay in a first-level cache of 32 KB from tile to tile, beside the pixels that come and go.
    private const int MostBytesKept = 20 << 10;

    private readonly float* _memory;
    private readonly nint _vectorStride;
    private int _turn;

    /// <summary>For tiles of so many vectors of channels; in memory of <see cref="Length"/> floats.</summary>
    public WinogradColumns(float* memory, int vectors)
    {
        _memory = memory;
        _vectorStride = Keeps(vectors) ? Window * Window * T.Count : 0;
    }

    /// <summary>How many of its first columns a tile finds here.</summary>
    public int Kept { get; private set; }

    public static int Length(int vectors) => (Keeps(vectors) ? vectors : 1) * Window * Window * T.Count;

    private static bool Keeps(int vectors) => vectors * Window * Window * T.Count * sizeof(float) <= MostBytesKept;

    /// <summary>Goes on to a tile, which may be the one to the right of the last.</summary>
    public void Next(bool isToTheRight)
    {
        bool keeps = isToTheRight && _vectorStride > 0;
        Kept = keeps ? Overlap : 0;
        _turn = keeps ? (_turn + 2) % Pairs : 0;
    }

    /// <summary>The columns of a vector of channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float* Of(int vector) => _memory + vector * _vectorStride;

    /// <summary>Where columns 2·pair and 2·pair + 1 begin in each row.</summary>
    public readonly nint Pair(int pair) => (_turn + pair) % Pairs * 2 * T.Count;

    /// <summary>Where a column begins in each row.</summary>
    public readonly nint Place(int column) => Pair(column / 2) + column % 2 * T.Count;
}
