using System.Runtime.InteropServices;

namespace TinyFlow.Memory;

/// <summary>The host's memory, 64-byte aligned.</summary>
internal sealed unsafe class NativePool : CachingPool
{
    private const int Alignment = 64;

    // Vector kernels may read, never write, up to one register past the end of a tensor.
    private const int ReadMargin = 64;

    /// <summary>A pool that takes at most <paramref name="limit"/> bytes from the system.</summary>
    public NativePool(long limit) : base(limit, Alignment, ReadMargin)
    {
    }

    /// <summary>What the machine, or the container around this process, has.</summary>
    public static long SystemLimit => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    protected override bool TryTake(long size, out nint block)
    {
        try
        {
            block = (nint)NativeMemory.AlignedAlloc((nuint)size, Alignment);
            return true;
        }
        catch (OutOfMemoryException)
        {
            block = 0;
            return false;
        }
    }

    protected override void Give(nint block) => NativeMemory.AlignedFree((void*)block);
}
