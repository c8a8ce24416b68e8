namespace TinyFlow.Cuda;

/// <summary>
/// How images are cut into blocks that work on one image each, by the size of an image alone: what is summed over an image
/// does not depend on the others.
/// </summary>
internal readonly struct ImageCut
{
    private const int WarpThreads = 32;

    /// <summary>Cuts images of a size into as few equal parts of at most so many elements as possible, but at least one.</summary>
    public ImageCut(long images, long size, long mostElements, int mostThreads)
    {
        Images = images;
        Parts = Math.Max(1, (size + mostElements - 1) / mostElements);
        Part = (size + Parts - 1) / Parts;
        long threads = (Part + WarpThreads - 1) / WarpThreads * WarpThreads;
        Grid = LaunchGrid.Blocks(images * Parts, (int)Math.Clamp(threads, WarpThreads, mostThreads));
    }

    public long Images { get; }

    /// <summary>The parts of an image.</summary>
    public long Parts { get; }

    /// <summary>The elements of a part; the last may have fewer.</summary>
    public long Part { get; }

    /// <summary>A block for each part, of whole warps.</summary>
    public LaunchGrid Grid { get; }
}
