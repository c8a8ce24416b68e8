using TinyFlow.Cpu.Threads;

namespace TinyFlow.Cpu.Normalizations;

/// <summary>
/// Images [N, C, H·W] as channels, each N runs of H·W numbers, cut into chunks in the same way for every channel.
/// Sums are made per chunk and put together in the order of the chunks, whoever computes them.
/// </summary>
internal readonly struct ChannelRuns(Shape shape)
{
    public int Images { get; } = shape[0];

    public int Channels { get; } = shape[1];

    public long Plane { get; } = (long)shape[2] * shape[3];

    public Pieces Chunks { get; } = new(shape[0], (long)shape[2] * shape[3]);

    /// <summary>The numbers of a channel.</summary>
    public long Count => Images * Plane;

    /// <summary>Where a channel's run in an image begins.</summary>
    public long Start(long image, int channel) => (image * Channels + channel) * Plane;
}
