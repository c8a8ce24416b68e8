using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>Where the imports of this assembly find their libraries. Nothing is loaded before its first use.</summary>
internal static class NativeLibraries
{
    /// <summary>The name by which imports call the driver.</summary>
    public const string Driver = "tf_cuda";

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "An assembly has one resolver, which must be there before its first import is used.")]
    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name switch
    {
        Driver => NativeLibrary.Load(Environment.GetEnvironmentVariable("TINYFLOW_LIBCUDA") ?? "libcuda.so.1"),
        _ => 0,
    };
}
