using System.Diagnostics;
using TinyFlow.Cuda;

namespace Bench.Gpu;

/// <summary>How long the driver takes to load a module of kernels: seconds where it compiles it, little where it has kept the result.</summary>
internal sealed record ModuleTime(string Module, int Kernels, double Milliseconds, string? Error);

internal static class Modules
{
    /// <summary>Loads each module.</summary>
    public static IReadOnlyList<ModuleTime> Load()
    {
        using CudaContext context = new(0);
        using KernelModules modules = new(context);
        return
        [
            .. KernelImages.Kernels.GroupBy(KernelImages.ModuleOf).OrderBy(module => module.Key, StringComparer.Ordinal).Select(module =>
            {
                Stopwatch watch = Stopwatch.StartNew();
                string? error = null;
                try
                {
                    foreach (string kernel in module)
                    {
                        modules.Function(kernel);
                    }
                }
                catch (CudaException exception)
                {
                    error = exception.Message;
                }

                return new ModuleTime(module.Key, module.Count(), watch.Elapsed.TotalMilliseconds, error);
            }),
        ];
    }
}
