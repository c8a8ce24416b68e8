namespace TinyFlow;

/// <summary>
/// Counted memory of one backend. Tensors that share memory share a storage; it goes back to its backend's pool
/// when the last of them is disposed. There is no finalizer: what is forgotten is found by
/// <see cref="IBackend.AssertNoLeaks"/>.
/// </summary>
public abstract class Storage
{
    private int _owners = 1;

    /// <summary>Describes new memory, held by one owner.</summary>
    protected Storage(IBackend backend, long count, string label)
    {
        Backend = backend;
        Count = count;
        Label = label;
    }

    /// <summary>The backend that the memory belongs to.</summary>
    public IBackend Backend { get; }

    /// <summary>How many elements it holds.</summary>
    public long Count { get; }

    /// <summary>What it was allocated for, for messages.</summary>
    public string Label { get; }

    /// <summary>What memory for a tensor is for, in words.</summary>
    internal static string Purpose(Shape shape, string label) => label.Length == 0 ? $"a tensor of shape {shape}" : $"{label} {shape}";

    /// <summary>Whether more than one tensor holds it.</summary>
    internal bool IsShared => Volatile.Read(ref _owners) > 1;

    internal void Retain() => Interlocked.Increment(ref _owners);

    internal void Release()
    {
        if (Interlocked.Decrement(ref _owners) == 0)
        {
            Free();
        }
    }

    /// <summary>Returns the memory to the backend's pool; called once, by the last owner.</summary>
    protected abstract void Free();
}
