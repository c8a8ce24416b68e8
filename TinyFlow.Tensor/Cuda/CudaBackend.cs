using TinyFlow.Cuda;
using TinyFlow.Cuda.Native;
using TinyFlow.Memory;

namespace TinyFlow;

/// <summary>
/// The backend for NVIDIA GPUs: float32, own kernels, cuBLAS for products and cuDNN for convolutions. Ops return at
/// once; the device does them in order, and reading waits for it.
/// </summary>
/// <remarks>One thread at a time may use a backend's tensors. Threads that work at the same time each take a backend of their own.</remarks>
public sealed unsafe partial class CudaBackend : IBackend
{
    private readonly CudaContext _context;
    private readonly DevicePool _pool;
    private readonly KernelModules _modules;
    private readonly StagingBuffer _staging;
    private readonly StorageLedger<CudaStorage> _alive = new();
    private readonly bool _poison;
    private bool _disposed;

    /// <summary>Opens a device.</summary>
    /// <param name="device">Its number among the visible ones.</param>
    /// <param name="precision">What products may be rounded to.</param>
    /// <param name="poison">Fills new tensors with NaN, so that a test finds what reads before it writes.</param>
    /// <param name="memoryLimit">The bytes that may be taken from the device; by default what it has.</param>
    /// <exception cref="CudaUnavailableException">There is no NVIDIA driver, or one that is too old, or no such device.</exception>
    /// <exception cref="CudaException">The driver refuses.</exception>
    public CudaBackend(int device = 0, MatmulPrecision precision = MatmulPrecision.Highest, bool poison = false, long? memoryLimit = null)
    {
        Name = $"cuda:{device}";
        Precision = precision;
        _poison = poison;
        _context = new CudaContext(device);
        try
        {
            DeviceName = CudaInventory.Describe(device).Name;
            _pool = new DevicePool(_context, memoryLimit ?? TotalMemory());
        }
        catch
        {
            _context.Dispose();
            throw;
        }

        _modules = new KernelModules(_context);
        _staging = new StagingBuffer(_context);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int ElementSize => sizeof(float);

    /// <summary>What NVIDIA calls the device.</summary>
    public string DeviceName { get; }

    /// <summary>What products inside matrix products and convolutions may be rounded to.</summary>
    public MatmulPrecision Precision { get; }

    /// <summary>The device's context.</summary>
    internal CudaContext Context => _context;

    /// <summary>
    /// Gives all memory back to the device, that of tensors still alive included: using these is an error from then on,
    /// disposing them does no harm.
    /// </summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        foreach (CudaStorage storage in _alive.TakeAll())
        {
            _pool.Return((nint)storage.TakeBlock(), storage.Count * sizeof(float));
        }

        _batchNorms?.Dispose();
        _convolutions?.Dispose();
        _products?.Dispose();
        _pool.Dispose();
        _staging.Dispose();
        _modules.Dispose();
        _context.Dispose();
    }

    private static long TotalMemory()
    {
        Driver.cuMemGetInfo_v2(out _, out nuint total).ThrowOnError();
        return (long)total;
    }
}
