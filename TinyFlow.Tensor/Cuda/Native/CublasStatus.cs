using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>cublasStatus_t: what something here depends on. The library names all of them.</summary>
internal enum CublasStatus
{
    Success = 0,
    NotInitialized = 1,
    AllocationFailed = 3,
    NotSupported = 15,
}

/// <summary>Turns results of cuBLAS into exceptions.</summary>
internal static unsafe class CublasResults
{
    /// <summary>Complains, quoting the call and cuBLAS's own words, unless the call succeeded.</summary>
    /// <exception cref="CudaException">It did not.</exception>
    public static void ThrowOnError(this CublasStatus status, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != CublasStatus.Success)
        {
            throw new CudaException(
                call, (int)status,
                Marshal.PtrToStringUTF8((nint)Cublas.cublasGetStatusName(status)) ?? "", Marshal.PtrToStringUTF8((nint)Cublas.cublasGetStatusString(status)) ?? "");
        }
    }
}
