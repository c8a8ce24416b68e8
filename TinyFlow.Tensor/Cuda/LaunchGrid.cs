namespace TinyFlow.Cuda;

/// <summary>How many blocks of how many threads run a kernel. A grid of no blocks launches nothing.</summary>
internal readonly record struct LaunchGrid
{
    /// <summary>The threads of a block, unless a kernel needs another number.</summary>
    public const int UsualThreads = 256;

    private const int Warp = 32;

    // Enough to fill any device many times over; the kernels' loops stride over the rest.
    private const long MostBlocks = 4096;

    private LaunchGrid(uint blockCount, uint threadsEach)
    {
        BlockCount = blockCount;
        ThreadsEach = threadsEach;
    }

    /// <summary>The number of blocks.</summary>
    public uint BlockCount { get; }

    /// <summary>The threads of each block.</summary>
    public uint ThreadsEach { get; }

    /// <summary>A thread for each of so many items, up to a number of blocks from which on each thread takes several.</summary>
    public static LaunchGrid Over(long items) => OverBlocks((items + UsualThreads - 1) / UsualThreads);

    /// <summary>A warp for each of so many items, up to the same number of blocks.</summary>
    public static LaunchGrid OverWarps(long items) => Over(Warp * items);

    /// <summary>A block for each of so many items, up to the same number of blocks.</summary>
    public static LaunchGrid OverBlocks(long items) => new((uint)Math.Min(items, MostBlocks), UsualThreads);

    /// <summary>Exactly so many blocks: one for each row, channel or image.</summary>
    public static LaunchGrid Blocks(long blocks, int threads = UsualThreads) => new(checked((uint)blocks), (uint)threads);
}
