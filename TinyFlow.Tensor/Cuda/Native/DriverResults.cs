using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>Turns results of the driver into exceptions.</summary>
internal static unsafe class DriverResults
{
    /// <summary>Complains, quoting the call and the driver's own words, unless the call succeeded.</summary>
    /// <exception cref="CudaException">It did not.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ThrowOnError(this DriverResult result, [CallerArgumentExpression(nameof(result))] string call = "")
    {
        if (result != DriverResult.Success)
        {
            throw Failure(result, call, log: "");
        }
    }

    /// <summary>The same, with what the compiler in the driver wrote.</summary>
    /// <exception cref="CudaException">The call failed.</exception>
    public static void ThrowOnError(this DriverResult result, string call, string log)
    {
        if (result != DriverResult.Success)
        {
            throw Failure(result, call, log);
        }
    }

    private static CudaException Failure(DriverResult result, string call, string log)
    {
        // An error that this driver does not know leaves the names null.
        _ = Driver.cuGetErrorName(result, out byte* name);
        _ = Driver.cuGetErrorString(result, out byte* text);
        return new CudaException(call, (int)result, Text(name), Text(text), Hint(result), log);
    }

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    private static string Hint(DriverResult result) => result switch
    {
        DriverResult.StubLibrary => "The library that was found is the toolkit's stub, which is for linking only: take its folder out of LD_LIBRARY_PATH.",
        DriverResult.CallRequiresNewerDriver or DriverResult.UnsupportedPtxVersion => "The NVIDIA driver is too old; update it.",
        DriverResult.JitCompilerNotFound => "The driver's compiler, libnvidia-ptxjitcompiler, is not here: install all of the driver's libraries for computing.",
        DriverResult.NoDevice => "No GPU is visible: look at CUDA_VISIBLE_DEVICES, and start a container with --gpus all.",
        DriverResult.SystemDriverMismatch or DriverResult.CompatNotSupportedOnDevice =>
            "The kernel's driver and libcuda are of different versions: restart the machine after an update of the driver.",
        DriverResult.IllegalAddress or DriverResult.LaunchTimeout or DriverResult.MisalignedAddress or DriverResult.LaunchFailed =>
            "The device is lost for this process: start the program again.",
        _ => "",
    };
}
