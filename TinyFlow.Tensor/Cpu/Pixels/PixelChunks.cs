using TinyFlow.Cpu.Convolutions;

namespace TinyFlow.Cpu.Pixels;

/// <summary>How the pixels of all images are cut into chunks, by their shape alone: about 64 KB each, which stay in a core's cache.</summary>
internal readonly struct PixelChunks
{
    private const int Grain = 1 << 14;

    public PixelChunks(Shape shape)
    {
        Channels = shape[1];
        Pixels = shape.Count / Math.Max(1, Channels);
        Count = (int)Math.Max(1, Pixels * Channels / Grain);
    }

    public int Channels { get; }

    public long Pixels { get; }

    public int Count { get; }

    /// <summary>The first pixel of a chunk; chunk number <see cref="Count"/> begins at the end.</summary>
    public long Start(int chunk) => Pixels * chunk / Count;

    /// <summary>Channels rounded up so that arrays of them hold whole vectors of any width.</summary>
    public int PaddedChannels => Padded(Channels);

    /// <summary>Rounds up to whole vectors of any width.</summary>
    public static int Padded(int channels) => Parts.RoundUp(channels, 16);
}
