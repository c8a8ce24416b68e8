using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>cuBLAS, under its own names: libcublas.so.13 or .12, cublas64_13.dll or _12. Matrices are column-major.</summary>
internal static unsafe partial class Cublas
{
    private const string Library = NativeLibraries.Cublas;

    /// <summary>What the library has to export.</summary>
    public static IReadOnlyList<string> Functions { get; } =
    [
        nameof(cublasCreate_v2), nameof(cublasDestroy_v2), nameof(cublasGetVersion_v2), nameof(cublasGetStatusName), nameof(cublasGetStatusString),
        nameof(cublasSetStream_v2), nameof(cublasSetWorkspace_v2), nameof(cublasSetMathMode), nameof(cublasSetAtomicsMode), nameof(cublasGemmStridedBatchedEx),
    ];

    [LibraryImport(Library)]
    public static partial CublasStatus cublasCreate_v2(out nint handle);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasDestroy_v2(nint handle);

    /// <summary>10000·major + 100·minor + patch.</summary>
    [LibraryImport(Library)]
    public static partial CublasStatus cublasGetVersion_v2(nint handle, out int version);

    [LibraryImport(Library)]
    public static partial byte* cublasGetStatusName(CublasStatus status);

    [LibraryImport(Library)]
    public static partial byte* cublasGetStatusString(CublasStatus status);

    /// <summary>Also takes away the workspace: set that afterwards.</summary>
    [LibraryImport(Library)]
    public static partial CublasStatus cublasSetStream_v2(nint handle, nint stream);

    /// <summary>Memory to work in; without it cuBLAS takes its own, which a capture forbids.</summary>
    [LibraryImport(Library)]
    public static partial CublasStatus cublasSetWorkspace_v2(nint handle, ulong workspace, nuint bytes);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasSetMathMode(nint handle, CublasMath mode);

    [LibraryImport(Library)]
    public static partial CublasStatus cublasSetAtomicsMode(nint handle, CublasAtomics mode);

    /// <summary>c[i] = alpha · op(a[i]) · op(b[i]) + beta · c[i], with matrices that lie a stride apart.</summary>
    [LibraryImport(Library)]
    public static partial CublasStatus cublasGemmStridedBatchedEx(
        nint handle, CublasOperation transposeA, CublasOperation transposeB, int m, int n, int k,
        float* alpha, ulong a, CudaDataType typeA, int leadingA, long strideA,
        ulong b, CudaDataType typeB, int leadingB, long strideB,
        float* beta, ulong c, CudaDataType typeC, int leadingC, long strideC,
        int batches, CublasCompute compute, CublasAlgorithm algorithm);
}
