namespace TinyFlow;

/// <summary>
/// Images of 8 bits a pixel in a backend's memory, so that a step can choose its images without the host. Whoever made it
/// disposes it.
/// </summary>
public abstract class PixelStore : IDisposable
{
    /// <summary>Describes images that a backend holds.</summary>
    protected PixelStore(IBackend backend, int count, int dimensions) => (Backend, Count, Dimensions) = (backend, count, dimensions);

    /// <summary>Where they are.</summary>
    public IBackend Backend { get; }

    /// <summary>The number of images.</summary>
    public int Count { get; }

    /// <summary>D, the bytes of an image.</summary>
    public int Dimensions { get; }

    /// <summary>Gives the memory back.</summary>
    public abstract void Dispose();
}
