namespace TinyFlow.Cuda;

/// <summary>float32 elements in a device's memory, row-major.</summary>
internal sealed class CudaStorage : Storage
{
    private readonly CudaBackend _owner;
    private ulong _address;

    public CudaStorage(CudaBackend owner, long count, ulong address, string label) : base(owner, count, label)
    {
        _owner = owner;
        _address = address;
    }

    /// <summary>The address of the first element.</summary>
    /// <exception cref="ObjectDisposedException">The backend has been disposed, and the elements are gone.</exception>
    public ulong Address => _address != 0
        ? _address
        : throw new ObjectDisposedException(
            _owner.Name, $"The backend '{_owner.Name}' was disposed while {Label} was alive, and the elements went with it. Dispose the backend last.");

    /// <summary>Takes the block away for good, because the backend is being disposed.</summary>
    public ulong TakeBlock()
    {
        ulong block = _address;
        _address = 0;
        return block;
    }

    protected override void Free() => _owner.Free(this);
}
