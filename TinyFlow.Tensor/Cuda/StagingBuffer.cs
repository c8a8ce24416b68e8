using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda;

/// <summary>
/// Host memory that the device reads and writes by itself, through which all transfers go. It is a ring: sending returns
/// as soon as the numbers are in it, and waits only for a part that the device has not read yet.
/// </summary>
internal sealed unsafe class StagingBuffer : IDisposable
{
    /// <summary>The bytes of a part.</summary>
    public const int PartBytes = 1 << 19;

    private const int Parts = 16;

    private readonly CudaContext _context;
    private readonly NativeHandle?[] _read = new NativeHandle?[Parts];
    private NativeHandle? _memory;
    private int _next;

    public StagingBuffer(CudaContext context) => _context = context;

    /// <summary>Puts values into device memory, in the order of the stream.</summary>
    public void Send<T>(ReadOnlySpan<T> values, ulong destination) where T : unmanaged
    {
        int each = PartBytes / sizeof(T);
        for (int start = 0; start < values.Length; start += each)
        {
            ReadOnlySpan<T> piece = values.Slice(start, Math.Min(each, values.Length - start));
            piece.CopyTo(new Span<T>(FreePart(), piece.Length));
            SendPart(piece.Length * sizeof(T), destination + (ulong)start * (ulong)sizeof(T));
        }
    }

    /// <summary>Puts float64 values into device memory as float32.</summary>
    public void SendRounded(ReadOnlySpan<double> values, ulong destination)
    {
        const int Each = PartBytes / sizeof(float);
        for (int start = 0; start < values.Length; start += Each)
        {
            ReadOnlySpan<double> piece = values.Slice(start, Math.Min(Each, values.Length - start));
            float* part = (float*)FreePart();
            for (int i = 0; i < piece.Length; i++)
            {
                part[i] = (float)piece[i];
            }

            SendPart(piece.Length * sizeof(float), destination + (ulong)start * sizeof(float));
        }
    }

    /// <summary>Reads float32 values from device memory, when all that the stream holds has been done.</summary>
    public void Receive(ulong source, Span<float> values)
    {
        for (int start = 0; start < values.Length;)
        {
            ReadOnlySpan<float> piece = ReceivePiece(source + (ulong)start * sizeof(float), values.Length - start);
            piece.CopyTo(values[start..]);
            start += piece.Length;
        }
    }

    /// <summary>Reads float32 values as float64.</summary>
    public void Receive(ulong source, Span<double> values)
    {
        for (int start = 0; start < values.Length;)
        {
            ReadOnlySpan<float> piece = ReceivePiece(source + (ulong)start * sizeof(float), values.Length - start);
            for (int i = 0; i < piece.Length; i++)
            {
                values[start + i] = piece[i];
            }

            start += piece.Length;
        }
    }

    public void Dispose()
    {
        _context.MakeCurrentIfPossible();
        foreach (NativeHandle? read in _read)
        {
            read?.Dispose();
        }

        _memory?.Dispose();
    }

    // The whole ring receives: what lies in it has been sent by then, as the stream keeps the order.
    private ReadOnlySpan<float> ReceivePiece(ulong source, int remaining)
    {
        int count = Math.Min(remaining, Parts * PartBytes / sizeof(float));
        byte* memory = Memory();
        Driver.cuMemcpyDtoHAsync_v2(memory, source, (nuint)count * sizeof(float), _context.Stream).ThrowOnError();
        _context.Synchronize();
        return new ReadOnlySpan<float>(memory, count);
    }

    // The next part of the ring, when the device has read what was in it.
    private byte* FreePart()
    {
        byte* memory = Memory();
        if (_read[_next] is { } read)
        {
            Driver.cuEventSynchronize(read.Value).ThrowOnError();
        }

        return memory + _next * PartBytes;
    }

    private void SendPart(int bytes, ulong destination)
    {
        // Before the copy is on its way there has to be what tells its end.
        NativeHandle read = _read[_next] ??= NewEvent();
        Driver.cuMemcpyHtoDAsync_v2(destination, Memory() + _next * PartBytes, (nuint)bytes, _context.Stream).ThrowOnError();
        Driver.cuEventRecord(read.Value, _context.Stream).ThrowOnError();
        _next = (_next + 1) % Parts;
    }

    private byte* Memory()
    {
        _context.MakeCurrent();
        return (byte*)(_memory ??= Take()).Value;
    }

    private static NativeHandle Take()
    {
        Driver.cuMemAllocHost_v2(out nint memory, Parts * PartBytes).ThrowOnError();
        return new NativeHandle(memory, static address => Driver.cuMemFreeHost(address));
    }

    private static NativeHandle NewEvent()
    {
        Driver.cuEventCreate(out nint @event, EventFlags.DisableTiming).ThrowOnError();
        return new NativeHandle(@event, static handle => Driver.cuEventDestroy_v2(handle));
    }
}
