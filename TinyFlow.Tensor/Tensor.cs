namespace TinyFlow;

/// <summary>
/// A dense, contiguous, row-major array of numbers on one backend, immutable to its readers. The numbers' precision
/// belongs to the backend. Whoever creates a tensor disposes it; what a tape computes, the tape disposes.
/// </summary>
public sealed partial class Tensor : IDisposable
{
    private Storage? _storage;

    /// <summary>A tensor over a storage's elements from <paramref name="offset"/> on; takes over one count of ownership.</summary>
    public Tensor(Storage storage, long offset, Shape shape)
    {
        _storage = storage;
        Backend = storage.Backend;
        Offset = offset;
        Shape = shape;
    }

    /// <summary>Where the numbers live and who computes with them.</summary>
    public IBackend Backend { get; }

    /// <summary>The sizes of the axes.</summary>
    public Shape Shape { get; }

    /// <summary>The number of elements.</summary>
    public long Count => Shape.Count;

    /// <summary>Where this tensor starts in its storage, in elements.</summary>
    public long Offset { get; }

    /// <summary>Whether the tensor has been disposed.</summary>
    public bool IsDisposed => _storage is null;

    /// <summary>Whether another tensor shares this one's memory, or a part of it.</summary>
    public bool IsShared => Storage.IsShared;

    /// <summary>The memory, for backends.</summary>
    /// <exception cref="ObjectDisposedException">The tensor has been disposed.</exception>
    public Storage Storage => _storage ?? throw new ObjectDisposedException(
        nameof(Tensor), $"A tensor of shape {Shape} was used after its release. Use it before its owner (a using block, a tape) ends, or copy what you need with ToArray.");

    /// <summary>The same memory under another shape of as many elements. Dispose both.</summary>
    /// <exception cref="ArgumentException">The numbers of elements differ.</exception>
    public Tensor Reshape(Shape shape)
    {
        if (shape.Count != Count)
        {
            throw new ArgumentException($"Reshape: {Shape} has {Count} elements and {shape} has {shape.Count}; they must be equal.");
        }

        return Section(0, shape);
    }

    /// <summary>A run of elements of the same memory, from <paramref name="start"/> (relative to this tensor) on. Dispose both.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The run does not lie within this tensor.</exception>
    public Tensor Section(long start, Shape shape)
    {
        Storage storage = Storage;
        if (start < 0 || start + shape.Count > Count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(start), $"Section: {shape} from element {start} on does not lie within {Shape}, which has {Count} elements.");
        }

        storage.Retain();
        return new Tensor(storage, Offset + start, shape);
    }

    /// <summary>Gives the memory back. Doing so twice does no harm.</summary>
    public void Dispose() => Interlocked.Exchange(ref _storage, null)?.Release();
}
