using TinyFlow.Cuda.Native;
using TinyFlow.Memory;

namespace TinyFlow.Cuda;

/// <summary>
/// A device's memory. A block may be handed out again while kernels that use its former contents are still waiting: all
/// work is on one stream, so what uses it next comes behind them.
/// </summary>
/// <remarks>
/// Blocks come from cuMemAlloc, not from cuMemAllocAsync: while a graph is captured the latter would become a node of the
/// graph, and the block last no longer than its launch; the former is refused and says so.
/// </remarks>
internal sealed class DevicePool : CachingPool
{
    // What cuMemAlloc aligns to at least; kernels read four elements at a time.
    private const int Alignment = 256;

    private readonly CudaContext _context;

    public DevicePool(CudaContext context, long limit) : base(limit, Alignment, margin: 0) => _context = context;

    protected override bool TryTake(long size, out nint block)
    {
        _context.MakeCurrent();
        DriverResult result = Driver.cuMemAlloc_v2(out ulong address, (nuint)size);
        block = (nint)address;
        if (result == DriverResult.OutOfMemory)
        {
            return false;
        }

        result.ThrowOnError("cuMemAlloc_v2");
        return true;
    }

    // Waits for the device first, as cuMemFree is not ordered on a stream.
    protected override void Give(nint block)
    {
        _context.MakeCurrentIfPossible();
        _ = Driver.cuStreamSynchronize(_context.Stream);
        Driver.cuMemFree_v2((ulong)block);
    }
}
