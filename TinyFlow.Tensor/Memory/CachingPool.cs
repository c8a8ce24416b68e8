using System.Numerics;

namespace TinyFlow.Memory;

/// <summary>
/// Memory that is kept when it comes back and handed out again for the next request of its size class: a training step
/// that repeats its shapes takes nothing from the system once it is warm.
/// </summary>
internal abstract class CachingPool : IDisposable
{
    // Up to here a size class can be computed; no machine has as much.
    private const long LargestRequest = 1L << 62;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, Stack<nint>> _free = [], _freeOfReserve = [];
    private readonly HashSet<nint> _reserve = [];
    private readonly long _limit;
    private readonly int _alignment, _margin;
    private long _live, _peak, _reserved, _systemAllocations;
    private int _recordings;
    private bool _isReserving, _disposed;

    /// <summary>A pool that takes at most <paramref name="limit"/> bytes from the system.</summary>
    /// <param name="limit">The most bytes to take.</param>
    /// <param name="alignment">What addresses and sizes are multiples of.</param>
    /// <param name="margin">The bytes behind each block that may be read.</param>
    protected CachingPool(long limit, int alignment, int margin)
    {
        _limit = limit;
        _alignment = alignment;
        _margin = margin;
    }

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

    /// <summary>The size of so many elements; <see cref="long.MaxValue"/> if it cannot be expressed.</summary>
    public static long Bytes(long count, int elementSize) => count > long.MaxValue / elementSize ? long.MaxValue : count * elementSize;

    /// <summary>The size class of a request: eight classes to each power of two.</summary>
    public long SizeClass(long bytes)
    {
        long needed = Math.Max(bytes + _margin, 1);
        long step = Math.Max(_alignment, 1L << Math.Max(0, BitOperations.Log2((ulong)needed) - 3));
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
            if (!(_isReserving && TryPop(_freeOfReserve, size, out nint block)) && !TryPop(_free, size, out block))
            {
                block = _isReserving ? throw Unforeseen(purpose) : FromSystem(size, purpose);
            }

            if (_isReserving)
            {
                _reserve.Add(block);
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

            Push(_reserve.Contains(block) ? _freeOfReserve : _free, size, block);
        }
    }

    /// <summary>
    /// From here to <see cref="CloseReserve"/> blocks are kept apart, for work that is recorded meanwhile: until the reserve is
    /// disposed they are handed out to such work only. Nothing is taken from the system.
    /// </summary>
    public PoolReserve OpenReserve()
    {
        lock (_lock)
        {
            _isReserving = true;
            _recordings++;
            return new PoolReserve(this);
        }
    }

    /// <summary>Ends what <see cref="OpenReserve"/> began; the blocks stay apart.</summary>
    public void CloseReserve()
    {
        lock (_lock)
        {
            _isReserving = false;
        }
    }

    /// <summary>One recording less; without any, the blocks are like others again.</summary>
    internal void ReleaseReserve()
    {
        lock (_lock)
        {
            if (--_recordings > 0)
            {
                return;
            }

            _reserve.Clear();
            foreach ((long size, Stack<nint> blocks) in _freeOfReserve)
            {
                while (blocks.TryPop(out nint block))
                {
                    if (_disposed)
                    {
                        ToSystem(block, size);
                    }
                    else
                    {
                        Push(_free, size, block);
                    }
                }
            }
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

    /// <summary>Takes memory from the system; false if it has not got as much.</summary>
    protected abstract bool TryTake(long size, out nint block);

    /// <summary>Gives memory back to the system.</summary>
    protected abstract void Give(nint block);

    private static bool TryPop(Dictionary<long, Stack<nint>> from, long size, out nint block)
    {
        block = 0;
        return from.TryGetValue(size, out Stack<nint>? blocks) && blocks.TryPop(out block);
    }

    private static void Push(Dictionary<long, Stack<nint>> to, long size, nint block)
    {
        if (!to.TryGetValue(size, out Stack<nint>? blocks))
        {
            to[size] = blocks = [];
        }

        blocks.Push(block);
    }

    private static NotSupportedException Unforeseen(string purpose) => new(
        $"Work that is recorded needs memory for {purpose} that it did not need when it was done before. Do it in the same shapes before it is recorded.");

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

        if (!TryTake(size, out nint block))
        {
            // What lies unused in other size classes may be what is missing.
            Trim();
            if (!TryTake(size, out block))
            {
                throw Insufficient(size, purpose);
            }
        }

        _reserved += size;
        _systemAllocations++;
        return block;
    }

    private void ToSystem(nint block, long size)
    {
        Give(block);
        _reserved -= size;
    }

    private InsufficientMemoryException Insufficient(long size, string purpose) => new(
        $"Not enough memory for {purpose}: {(size == long.MaxValue ? "more than " : "")}{Megabytes(size)} MB more are needed, {Megabytes(_live)} MB are in use, and the limit is " +
        $"{Megabytes(_limit)} MB. Use a smaller batch or a smaller model.");

    private static long Megabytes(long bytes) => (bytes >> 20) + ((bytes & ((1 << 20) - 1)) == 0 ? 0 : 1);
}
