namespace TinyFlow.Cuda.Normalizations;

/// <summary>Who normalizes a channel.</summary>
internal enum ChannelTeam
{
    /// <summary>A warp, in one launch.</summary>
    Warp,

    /// <summary>A block, in one launch.</summary>
    Block,

    /// <summary>A block for each part of the channel, in two launches: the parts' sums, then all else.</summary>
    Parts,
}

/// <summary>
/// How the channels of images [N, C, H·W] are cut into work for a GPU, by their sizes alone: as few launches as the
/// device can be kept busy with.
/// </summary>
internal readonly struct ChannelCut
{
    // 32 numbers a thread: what a warp, and a block of 256 threads, does in about the time of a launch.
    private const long NumbersOfWarp = 1024, NumbersOfBlock = 8192;

    // So many blocks keep any device busy; a thread of theirs still sums in one chain what it reads of one channel.
    private const long ManyBlocks = 512, MostNumbersOfBlock = 65536;

    // Parts of 16 numbers a thread, or more once there are several waves of blocks.
    private const long SmallestPart = 4096, EnoughParts = 2048;

    public ChannelCut(long images, long channels, long plane)
    {
        (Images, Channels, Plane) = (images, channels, plane);
        long count = images * plane, even = channels * count / EnoughParts / LaunchGrid.UsualThreads * LaunchGrid.UsualThreads;
        Part = Math.Clamp(even, SmallestPart, MostNumbersOfBlock);
        Team = count <= NumbersOfWarp ? ChannelTeam.Warp
            : count <= NumbersOfBlock || (channels >= ManyBlocks && count <= MostNumbersOfBlock) ? ChannelTeam.Block
            : ChannelTeam.Parts;
    }

    public long Images { get; }

    public long Channels { get; }

    public long Plane { get; }

    /// <summary>Channels over all images, as a batch normalization sees them.</summary>
    public static ChannelCut OfBatch(Tensor x) => new(x.Shape[0], x.Shape[1], (long)x.Shape[2] * x.Shape[3]);

    /// <summary>The channels of each image, as an instance normalization sees them: one image of N·C channels.</summary>
    public static ChannelCut OfInstances(Tensor x) => new(1, (long)x.Shape[0] * x.Shape[1], (long)x.Shape[2] * x.Shape[3]);

    /// <summary>Who normalizes a channel.</summary>
    public ChannelTeam Team { get; }

    /// <summary>The numbers of a part; a channel's last part may have fewer.</summary>
    public long Part { get; }

    /// <summary>The parts of all channels.</summary>
    public long Parts => Channels * ((Images * Plane + Part - 1) / Part);

    /// <summary>Blocks for the kernels that normalize a channel in one launch.</summary>
    public LaunchGrid Teams => Team == ChannelTeam.Warp
        ? LaunchGrid.Blocks((Channels + WarpsOfBlock - 1) / WarpsOfBlock)
        : LaunchGrid.Blocks(Channels);

    private static int WarpsOfBlock => LaunchGrid.UsualThreads / 32;
}
