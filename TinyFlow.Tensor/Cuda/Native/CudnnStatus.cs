using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>cudnnStatus_t of cuDNN 9; the thousands are the category.</summary>
internal enum CudnnStatus
{
    Success = 0,
    NotInitialized = 1001,
    BadParameter = 2000,
    NotSupported = 3000,
    InternalError = 4000,
    DeviceAllocationFailed = 4004,
    ExecutionFailed = 5000,
}

/// <summary>Turns results of cuDNN into exceptions.</summary>
internal static unsafe class CudnnResults
{
    private const int MessageBytes = 1024;

    /// <summary>Complains, quoting the call and cuDNN's own words, unless the call succeeded.</summary>
    /// <exception cref="CudaException">It did not.</exception>
    public static void ThrowOnError(this CudnnStatus status, [CallerArgumentExpression(nameof(status))] string call = "")
    {
        if (status != CudnnStatus.Success)
        {
            throw Failure(status, call);
        }
    }

    /// <summary>Whether cuDNN has no way to do what was asked, rather than having failed at it.</summary>
    public static bool IsRefusal(this CudnnStatus status) => (int)status / 1000 == (int)CudnnStatus.NotSupported / 1000;

    private static CudaException Failure(CudnnStatus status, string call)
    {
        byte* message = stackalloc byte[MessageBytes];
        message[0] = 0;
        Cudnn.cudnnGetLastErrorString(message, MessageBytes);
        return new CudaException(
            call, (int)status, Marshal.PtrToStringUTF8((nint)Cudnn.cudnnGetErrorString(status)) ?? "", Marshal.PtrToStringUTF8((nint)message) ?? "");
    }
}
