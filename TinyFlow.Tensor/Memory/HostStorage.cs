namespace TinyFlow.Memory;

/// <summary>Elements in the host's memory.</summary>
internal sealed class HostStorage<T> : Storage where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
{
    private readonly HostBackend<T> _owner;

    public HostStorage(HostBackend<T> owner, long count, nint address, string label) : base(owner, count, label)
    {
        _owner = owner;
        Address = address;
    }

    /// <summary>The address of the first element, in whatever <see cref="Layout"/> the elements are.</summary>
    public nint Address { get; private set; }

    /// <summary>The order of the elements. Only the backend that wrote them in another order than plain reads them so.</summary>
    public HostLayout Layout { get; private set; }

    /// <summary>Declares the order in which all elements are about to be written.</summary>
    public void SetLayout(HostLayout layout) => Layout = layout;

    /// <summary>Puts the elements into plain order.</summary>
    public void MakePlain()
    {
        ThrowIfReleased();
        _owner.MakePlain(this);
    }

    /// <summary>Complains if the backend has been disposed and the elements are gone.</summary>
    /// <exception cref="ObjectDisposedException">They are.</exception>
    public void ThrowIfReleased()
    {
        if (Layout == HostLayout.Released)
        {
            throw new ObjectDisposedException(
                _owner.Name, $"The backend '{_owner.Name}' was disposed while {Label} was alive, and the elements went with it. Dispose the backend last.");
        }
    }

    /// <summary>Takes the block away for good, because the backend is being disposed.</summary>
    public nint TakeBlock()
    {
        nint block = MoveTo(0);
        Layout = HostLayout.Released;
        return block;
    }

    /// <summary>The elements have been moved to another block, in plain order; returns the block that they were in.</summary>
    public nint MoveTo(nint block)
    {
        nint old = Address;
        Address = block;
        Layout = HostLayout.Plain;
        return old;
    }

    protected override void Free() => _owner.Free(this);
}
