using TinyFlow.Cpu.Convolutions;

namespace TinyFlow.Cpu.Pixels;

/// <summary>
/// How the pixels of all images [N, C, H, W] are cut into chunks that stay in a core's cache, by their shape alone: four rows
/// of an image where those make 8 to 128 KB, so that a convolution by tiles of 4x4 completes one after the other, else about
/// 64 KB.
/// </summary>
internal readonly struct PixelChunks
{
    /// <summary>The rows of an image in a chunk, if it <see cref="IsOfRows"/>.</summary>
    public const int Rows = WinogradTile.MostSide;

    private const int Grain = 1 << 14;

    public PixelChunks(Shape shape)
    {
        Channels = shape[1];
        Pixels = shape.Count / Math.Max(1, Channels);
        long rows = (long)Rows * shape[3] * Channels;
        IsOfRows = shape[2] % Rows == 0 && shape[3] % Rows == 0 && rows is >= Grain / 8 and <= 2 * Grain;
        Count = IsOfRows ? shape[0] * (shape[2] / Rows) : (int)Math.Max(1, Pixels * Channels / Grain);
    }

    public int Channels { get; }

    public long Pixels { get; }

    public int Count { get; }

    /// <summary>Whether a chunk is four rows of an image, whose width is a multiple of 4.</summary>
    public bool IsOfRows { get; }

    /// <summary>The first pixel of a chunk; chunk number <see cref="Count"/> begins at the end.</summary>
    public long Start(int chunk) => Pixels * chunk / Count;

    /// <summary>Channels rounded up so that arrays of them hold whole vectors of any width.</summary>
    public int PaddedChannels => Padded(Channels);

    /// <summary>Rounds up to whole vectors of any width.</summary>
    public static int Padded(int channels) => Parts.RoundUp(channels, 16);
}
