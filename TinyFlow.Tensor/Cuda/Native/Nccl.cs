using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>NCCL 2, under its own names: libnccl.so.2, on Linux only. Sums gradients over GPUs, on the stream of the computation.</summary>
internal static unsafe partial class Nccl
{
    private const string Library = NativeLibraries.Nccl;

    /// <summary>What the library has to export.</summary>
    public static IReadOnlyList<string> Functions { get; } =
    [
        nameof(ncclGetVersion), nameof(ncclGetUniqueId), nameof(ncclCommInitRank), nameof(ncclCommDestroy), nameof(ncclCommAbort),
        nameof(ncclCommGetAsyncError), nameof(ncclAllReduce), nameof(ncclBroadcast), nameof(ncclGetErrorString), nameof(ncclGetLastError),
    ];

    /// <summary>10000·major + 100·minor + patch.</summary>
    [LibraryImport(Library)]
    public static partial NcclResult ncclGetVersion(out int version);

    /// <summary>Made by one process, and carried to all others by other means.</summary>
    [LibraryImport(Library)]
    public static partial NcclResult ncclGetUniqueId(out NcclUniqueId id);

    /// <summary>Waits until all ranks have called it.</summary>
    [LibraryImport(Library)]
    public static partial NcclResult ncclCommInitRank(out nint communicator, int ranks, NcclUniqueId id, int rank);

    [LibraryImport(Library)]
    public static partial NcclResult ncclCommDestroy(nint communicator);

    [LibraryImport(Library)]
    public static partial NcclResult ncclCommAbort(nint communicator);

    [LibraryImport(Library)]
    public static partial NcclResult ncclCommGetAsyncError(nint communicator, out NcclResult error);

    /// <summary>In place if source and destination are the same.</summary>
    [LibraryImport(Library)]
    public static partial NcclResult ncclAllReduce(
        ulong source, ulong destination, nuint count, NcclDataType type, NcclOperation operation, nint communicator, nint stream);

    [LibraryImport(Library)]
    public static partial NcclResult ncclBroadcast(
        ulong source, ulong destination, nuint count, NcclDataType type, int root, nint communicator, nint stream);

    [LibraryImport(Library)]
    public static partial byte* ncclGetErrorString(NcclResult result);

    [LibraryImport(Library)]
    public static partial byte* ncclGetLastError(nint communicator);
}
