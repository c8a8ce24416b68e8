using System.Runtime.CompilerServices;
using TinyFlow.Cuda;
using TinyFlow.Memory;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    /// <inheritdoc/>
    public MemoryUse Memory => _pool.Use;

    /// <inheritdoc/>
    public Tensor Allocate(Shape shape, string label = "")
    {
        string purpose = Storage.Purpose(shape, label);
        nint block = _pool.Rent(CachingPool.Bytes(shape.Count, sizeof(float)), purpose);
        CudaStorage storage = new(this, shape.Count, (ulong)block, purpose);
        _alive.Add(storage);
        Tensor tensor = new(storage, 0, shape);
        if (_poison)
        {
            Fill(tensor, double.NaN);
        }

        return tensor;
    }

    /// <inheritdoc/>
    public void AssertNoLeaks() => _alive.ThrowIfAny(Name);

    internal void Free(CudaStorage storage)
    {
        if (_alive.Remove(storage))
        {
            _pool.Return((nint)storage.Address, storage.Count * sizeof(float));
        }
    }

    /// <summary>Working memory, to be disposed when the last kernel that uses it has been launched.</summary>
    internal Tensor Scratch(Shape shape) => Allocate(shape, "working memory");

    /// <summary>The device address of a tensor's first element.</summary>
    internal static ulong Address(Tensor x) => Unsafe.As<CudaStorage>(x.Storage).Address + (ulong)x.Offset * sizeof(float);

    /// <summary>The device address of a result, 0 if it is not wanted, and 1 if the kernel adds to it.</summary>
    internal static (ulong Address, int Adds) SinkAddress(Sink y) => y.Tensor is null ? default : (Address(y.Tensor), y.Adds ? 1 : 0);
}
