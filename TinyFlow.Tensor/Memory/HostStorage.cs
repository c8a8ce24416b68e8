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

    /// <summary>The address of the first element.</summary>
    public nint Address { get; }

    protected override void Free() => _owner.Free(this);
}
