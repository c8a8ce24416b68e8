using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>ncclResult_t: what something here depends on. The library names all of them.</summary>
internal enum NcclResult
{
    Success = 0,
    InProgress = 7,
}

/// <summary>Turns results of NCCL into exceptions.</summary>
internal static unsafe class NcclResults
{
    /// <summary>Complains, quoting the call and NCCL's own words, unless the call succeeded.</summary>
    /// <exception cref="CudaException">It did not.</exception>
    public static void ThrowOnError(this NcclResult result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result != NcclResult.Success)
        {
            throw new CudaException(
                call, (int)result,
                Marshal.PtrToStringUTF8((nint)Nccl.ncclGetErrorString(result)) ?? "", Marshal.PtrToStringUTF8((nint)Nccl.ncclGetLastError(0)) ?? "");
        }
    }
}
