using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda;

/// <summary>A device's primary context, which cuBLAS and cuDNN use too, and the one stream on which all work is ordered.</summary>
internal sealed class CudaContext : IDisposable
{
    // Contexts are current to threads. Disposing one and opening another may give the same handle, hence the numbers.
    [ThreadStatic]
    private static long _currentOnThread;

    private static long _opened;

    private readonly long _number = Interlocked.Increment(ref _opened);
    private readonly int _device;
    private readonly nint _handle;
    private bool _disposed;

    /// <summary>Opens a device by its number among those that are visible.</summary>
    /// <exception cref="CudaUnavailableException">There is no driver, or one that is too old, or no such device.</exception>
    /// <exception cref="CudaException">The driver refuses.</exception>
    public CudaContext(int ordinal)
    {
        NativeLibraries.RequireDriver();
        Driver.cuInit(0).ThrowOnError();
        Driver.cuDeviceGetCount(out int count).ThrowOnError();
        if ((uint)ordinal >= (uint)count)
        {
            throw new CudaUnavailableException(NoSuchDevice(ordinal, count));
        }

        Driver.cuDeviceGet(out _device, ordinal).ThrowOnError();
        Driver.cuDevicePrimaryCtxRetain(out _handle, _device).ThrowOnError();
        try
        {
            MakeCurrent();
            Driver.cuStreamCreate(out nint stream, StreamFlags.NonBlocking).ThrowOnError();
            Stream = stream;
        }
        catch
        {
            Driver.cuDevicePrimaryCtxRelease_v2(_device);
            throw;
        }
    }

    /// <summary>That a number is not one of the visible devices', in a sentence.</summary>
    public static string NoSuchDevice(int ordinal, int count) =>
        $"There is no GPU number {ordinal}: {count} {(count == 1 ? "is" : "are")} visible, and the first is number 0.";

    /// <summary>The stream: what is put on it runs in that order.</summary>
    public nint Stream { get; }

    /// <summary>Whether what is put on the stream is recorded and not done.</summary>
    public bool IsRecording { get; set; }

    /// <summary>Refuses what cannot be recorded.</summary>
    /// <exception cref="NotSupportedException">The stream is being recorded.</exception>
    public void RequireDoing(string what)
    {
        if (IsRecording)
        {
            throw new NotSupportedException($"Work that {what} cannot be recorded.");
        }
    }

    /// <summary>10·major + minor of what the device can do.</summary>
    public int ComputeCapability => 10 * Attribute(DeviceAttribute.ComputeCapabilityMajor) + Attribute(DeviceAttribute.ComputeCapabilityMinor);

    /// <summary>Makes the context that of the calling thread.</summary>
    public void MakeCurrent()
    {
        if (_currentOnThread != _number)
        {
            Driver.cuCtxSetCurrent(_handle).ThrowOnError();
            _currentOnThread = _number;
        }
    }

    /// <summary>The same before something is given back, which has to go on when the device is lost.</summary>
    public void MakeCurrentIfPossible() => _currentOnThread = Driver.cuCtxSetCurrent(_handle) == DriverResult.Success ? _number : 0;

    /// <summary>Waits until everything on the stream is done.</summary>
    public void Synchronize()
    {
        MakeCurrent();
        Driver.cuStreamSynchronize(Stream).ThrowOnError();
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        // Errors of work that is still on its way have no one to go to.
        Driver.cuStreamDestroy_v2(Stream);
        Driver.cuDevicePrimaryCtxRelease_v2(_device);
    }

    private int Attribute(DeviceAttribute attribute)
    {
        Driver.cuDeviceGetAttribute(out int value, attribute, _device).ThrowOnError();
        return value;
    }
}
