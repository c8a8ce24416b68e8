using System.Runtime.CompilerServices;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>A tile of outputs: its image, its first pixel, and its pixels down and across, 1 to 4 each.</summary>
internal readonly record struct WinogradTile(int Image, int Y, int X, int Rows, int Columns)
{
    /// <summary>The most output pixels along a side.</summary>
    public const int MostSide = 4;

    /// <summary>The points of a side of so many pixels: 0, 1, −1, 2, −2, ∞.</summary>
    public const int Points = MostSide + 2;

    /// <summary>Whether this is the tile beside another, whose last two input columns are its first two.</summary>
    public bool IsRightOf(WinogradTile other) => Image == other.Image && Y == other.Y && X == other.X + MostSide && Rows == other.Rows;

    /// <summary>Whether a side of so many pixels has a part in the planes of a point: all but those whose turn would come last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Has(int side, int point) => point <= side || point == Points - 1;
}
