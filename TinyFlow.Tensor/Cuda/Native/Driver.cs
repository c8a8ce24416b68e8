using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>
/// The driver API, under its own names: libcuda.so.1, nvcuda.dll. It comes with the NVIDIA driver; nothing else is needed
/// for our own kernels. Handles are <see cref="nint"/>, device addresses <see cref="ulong"/>, devices their ordinals.
/// </summary>
/// <remarks>
/// Of functions that exist in two versions this binds the later one (_v2): the plain exports are the 32-bit ABI of 2008.
/// All signatures are the same in CUDA 12 and 13.
/// </remarks>
internal static unsafe partial class Driver
{
    private const string Library = NativeLibraries.Driver;

    /// <summary>What the library has to export.</summary>
    public static IReadOnlyList<string> Functions { get; } =
    [
        nameof(cuInit), nameof(cuDriverGetVersion), nameof(cuDeviceGetCount), nameof(cuDeviceGet), nameof(cuDeviceGetName),
        nameof(cuDeviceGetAttribute), nameof(cuDeviceTotalMem_v2), nameof(cuDevicePrimaryCtxRetain),
        nameof(cuDevicePrimaryCtxRelease_v2), nameof(cuCtxSetCurrent), nameof(cuGetErrorName), nameof(cuGetErrorString),
        nameof(cuMemGetInfo_v2), nameof(cuMemAlloc_v2), nameof(cuMemFree_v2), nameof(cuMemAllocHost_v2), nameof(cuMemFreeHost),
        nameof(cuMemcpyHtoDAsync_v2), nameof(cuMemcpyDtoHAsync_v2), nameof(cuMemcpyDtoDAsync_v2), nameof(cuMemsetD32Async),
        nameof(cuStreamCreate), nameof(cuStreamDestroy_v2), nameof(cuStreamSynchronize), nameof(cuEventCreate),
        nameof(cuEventRecord), nameof(cuEventSynchronize), nameof(cuEventElapsedTime), nameof(cuEventDestroy_v2),
        nameof(cuModuleLoadDataEx), nameof(cuModuleUnload), nameof(cuModuleGetFunction), nameof(cuLaunchKernel),
        nameof(cuStreamBeginCapture_v2), nameof(cuStreamEndCapture), nameof(cuStreamIsCapturing),
        nameof(cuGraphInstantiateWithFlags), nameof(cuGraphLaunch), nameof(cuGraphUpload), nameof(cuGraphGetNodes),
        nameof(cuGraphExecDestroy), nameof(cuGraphDestroy),
    ];

    // Start-up, devices, contexts

    [LibraryImport(Library)]
    public static partial DriverResult cuInit(uint flags);

    /// <summary>1000·major + 10·minor of the newest CUDA that the driver knows; may be called before <see cref="cuInit"/>.</summary>
    [LibraryImport(Library)]
    public static partial DriverResult cuDriverGetVersion(out int version);

    [LibraryImport(Library)]
    public static partial DriverResult cuDeviceGetCount(out int count);

    [LibraryImport(Library)]
    public static partial DriverResult cuDeviceGet(out int device, int ordinal);

    [LibraryImport(Library)]
    public static partial DriverResult cuDeviceGetName(byte* name, int length, int device);

    [LibraryImport(Library)]
    public static partial DriverResult cuDeviceGetAttribute(out int value, DeviceAttribute attribute, int device);

    [LibraryImport(Library)]
    public static partial DriverResult cuDeviceTotalMem_v2(out nuint bytes, int device);

    /// <summary>The context that cuBLAS, cuDNN and NCCL use as well.</summary>
    [LibraryImport(Library)]
    public static partial DriverResult cuDevicePrimaryCtxRetain(out nint context, int device);

    [LibraryImport(Library)]
    public static partial DriverResult cuDevicePrimaryCtxRelease_v2(int device);

    [LibraryImport(Library)]
    public static partial DriverResult cuCtxSetCurrent(nint context);

    [LibraryImport(Library)]
    public static partial DriverResult cuGetErrorName(DriverResult error, out byte* name);

    [LibraryImport(Library)]
    public static partial DriverResult cuGetErrorString(DriverResult error, out byte* text);

    // Memory

    [LibraryImport(Library)]
    public static partial DriverResult cuMemGetInfo_v2(out nuint free, out nuint total);

    [LibraryImport(Library)]
    public static partial DriverResult cuMemAlloc_v2(out ulong address, nuint bytes);

    [LibraryImport(Library)]
    public static partial DriverResult cuMemFree_v2(ulong address);

    /// <summary>Host memory that the device copies from and to by itself.</summary>
    [LibraryImport(Library)]
    public static partial DriverResult cuMemAllocHost_v2(out nint address, nuint bytes);

    [LibraryImport(Library)]
    public static partial DriverResult cuMemFreeHost(nint address);

    [LibraryImport(Library)]
    public static partial DriverResult cuMemcpyHtoDAsync_v2(ulong destination, void* source, nuint bytes, nint stream);

    [LibraryImport(Library)]
    public static partial DriverResult cuMemcpyDtoHAsync_v2(void* destination, ulong source, nuint bytes, nint stream);

    [LibraryImport(Library)]
    public static partial DriverResult cuMemcpyDtoDAsync_v2(ulong destination, ulong source, nuint bytes, nint stream);

    [LibraryImport(Library)]
    public static partial DriverResult cuMemsetD32Async(ulong destination, uint value, nuint count, nint stream);

    // Streams and events

    [LibraryImport(Library)]
    public static partial DriverResult cuStreamCreate(out nint stream, StreamFlags flags);

    [LibraryImport(Library)]
    public static partial DriverResult cuStreamDestroy_v2(nint stream);

    [LibraryImport(Library)]
    public static partial DriverResult cuStreamSynchronize(nint stream);

    [LibraryImport(Library)]
    public static partial DriverResult cuEventCreate(out nint @event, EventFlags flags);

    [LibraryImport(Library)]
    public static partial DriverResult cuEventRecord(nint @event, nint stream);

    [LibraryImport(Library)]
    public static partial DriverResult cuEventSynchronize(nint @event);

    [LibraryImport(Library)]
    public static partial DriverResult cuEventElapsedTime(out float milliseconds, nint start, nint end);

    [LibraryImport(Library)]
    public static partial DriverResult cuEventDestroy_v2(nint @event);

    // Modules and launches

    /// <summary>Loads PTX, which ends in a zero byte, or a cubin, with options as JIT compilation has them.</summary>
    [LibraryImport(Library)]
    public static partial DriverResult cuModuleLoadDataEx(out nint module, byte* image, uint optionCount, JitOption* options, void** values);

    [LibraryImport(Library)]
    public static partial DriverResult cuModuleUnload(nint module);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial DriverResult cuModuleGetFunction(out nint function, nint module, string name);

    /// <summary>Launches a kernel; <paramref name="parameters"/> are the addresses of its arguments.</summary>
    [LibraryImport(Library)]
    public static partial DriverResult cuLaunchKernel(
        nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ,
        uint sharedBytes, nint stream, void** parameters, void** extra);

    // Capture and graphs

    [LibraryImport(Library)]
    public static partial DriverResult cuStreamBeginCapture_v2(nint stream, CaptureMode mode);

    [LibraryImport(Library)]
    public static partial DriverResult cuStreamEndCapture(nint stream, out nint graph);

    [LibraryImport(Library)]
    public static partial DriverResult cuStreamIsCapturing(nint stream, out CaptureStatus status);

    [LibraryImport(Library)]
    public static partial DriverResult cuGraphInstantiateWithFlags(out nint executable, nint graph, ulong flags);

    [LibraryImport(Library)]
    public static partial DriverResult cuGraphLaunch(nint executable, nint stream);

    [LibraryImport(Library)]
    public static partial DriverResult cuGraphUpload(nint executable, nint stream);

    /// <summary>The number of nodes, if <paramref name="nodes"/> is null.</summary>
    [LibraryImport(Library)]
    public static partial DriverResult cuGraphGetNodes(nint graph, nint* nodes, ref nuint count);

    [LibraryImport(Library)]
    public static partial DriverResult cuGraphExecDestroy(nint executable);

    [LibraryImport(Library)]
    public static partial DriverResult cuGraphDestroy(nint graph);
}
