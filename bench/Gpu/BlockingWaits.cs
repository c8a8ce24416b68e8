using System.Runtime.InteropServices;
using TinyFlow.Cuda.Native;

namespace Bench.Gpu;

/// <summary>Lets waiting for the device sleep rather than spin, so that a process's time says what it does itself.</summary>
internal static unsafe class BlockingWaits
{
    private const uint BlockingSync = 4; // CU_CTX_SCHED_BLOCKING_SYNC

    /// <summary>For the first device's context, which must not be open yet.</summary>
    public static void Want()
    {
        NativeLibraries.RequireDriver();
        if (NativeLibrary.TryGetExport(NativeLibraries.Find(NativeLibraries.Driver).Handle, "cuDevicePrimaryCtxSetFlags_v2", out nint function))
        {
            Driver.cuInit(0).ThrowOnError();
            ((delegate* unmanaged<int, uint, int>)function)(0, BlockingSync);
        }
    }
}
