using System.Numerics;
using System.Runtime.InteropServices;

namespace TinyFlow.Memory;

/// <summary>
/// Native memory, 64-byte aligned, that is kept when it comes back and handed out again for the next request of its
/// size class: a training step that repeats its shapes takes nothing from the system once it is warm.
/// </summary>
internal sealed unsafe class NativePool : IDisposable
{
    private const int Alignment = 64;

    // Vector kernels may read, never write, up to one register past the end of a tensor.
    private const int ReadMargin = 64;

    // Up to here a size class can be computed; no machine has as much.
    private const long LargestRequest = 1L << 62;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Stack<nint>> _free = [];
    private readonly long _limit;
    private long _live, _peak, _reserved, _systemAllocations;
    private bool _disposed;

    /// <summary>A pool that takes at most <paramref name="limit"/> bytes from the system.</summary>
    public NativePool(long limit) => _limit = limit;

    public MemoryUse Use
    {
        get
        {
            lock (_lock)
            {
                return new MemoryUse(_live, _peak, _reserved, _systemAllocations) { Limit = _limit };
            }
        }
    }

    /// <summary>What the machine, or the container around this process, has.</summary>
    public static long SystemLimit => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>The size class of a request: eight classes to each power of two.</summary>
    public static long SizeClass(long bytes)
    {
        long needed = bytes + ReadMargin;
        long step = Math.Max(Alignment, 1L << Math.Max(0, BitOperations.Log2((ulong)needed) - 3));
        return (needed + step - 1) / step * step;
    }

    /// <summary>Undefined bytes, at least as many as asked for; <see cref="long.MaxValue"/> stands for more than can be counted.</summary>
    /// <exception cref="InsufficientMemoryException">There is not enough memory.</exception>
    public nint Rent(long bytes, string purpose)
    {
        lock (_lock)
        {
            if (bytes > Math.Min(_limit, LargestRequest))
            {
                throw Insufficient(bytes, purpose);
            }

            long size = SizeClass(bytes);
            if (!_free.TryGetValue(size, out Stack<nint>? pooled) || !pooled.TryPop(out nint block))
            {
                block = FromSystem(size, purpose);
            }

            _live += size;
            _peak = Math.Max(_peak, _live);
            return block;
        }
    }

    public void Return(nint block, long bytes)
    {
        long size = SizeClass(bytes);
        lock (_lock)
        {
            _live -= size;
            if (_disposed)
            {
                ToSystem(block, size);
                return;
            }

            if (!_free.TryGetValue(size, out Stack<nint>? pooled))
            {
                _free[size] = pooled = [];
            }

            pooled.Push(block);
        }
    }

    /// <summary>Gives everything that is not in use back to the system.</summary>
    public void Trim()
    {
        lock (_lock)
        {
            foreach ((long size, Stack<nint> blocks) in _free)
            {
                while (blocks.TryPop(out nint block))
                {
                    ToSystem(block, size);
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        Trim();
    }

    private nint FromSystem(long size, string purpose)
    {
        if (size > _limit - _reserved)
        {
            Trim();
        }

        if (size > _limit - _reserved)
        {
            throw Insufficient(size, purpose);
        }

        try
        {
            nint block = (nint)NativeMemory.AlignedAlloc((nuint)size, Alignment);
            _reserved += size;
            _systemAllocations++;
            return block;
        }
        catch (OutOfMemoryException)
        {
            throw Insufficient(size, purpose);
        }
    }

    private void ToSystem(nint block, long size)
    {
        NativeMemory.AlignedFree((void*)block);
        _reserved -= size;
    }

    private InsufficientMemoryException Insufficient(long size, string purpose) => new(
        $"Not enough memory for {purpose}: {(size == long.MaxValue ? "more than " : "")}{Megabytes(size)} MB more are needed, {Megabytes(_live)} MB are in use, and the limit is " +
        $"{Megabytes(_limit)} MB. Use a smaller batch or a smaller model.");

    private static long Megabytes(long bytes) => (bytes >> 20) + ((bytes & ((1 << 20) - 1)) == 0 ? 0 : 1);
}
