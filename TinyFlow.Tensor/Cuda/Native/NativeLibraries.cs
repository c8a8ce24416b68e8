using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>NVIDIA's libraries, and where the imports of this assembly find them. Nothing is loaded before it is asked for.</summary>
internal static class NativeLibraries
{
    /// <summary>The name by which imports call the driver.</summary>
    public const string Driver = "tf_cuda";

    /// <summary>The name by which imports call cuBLAS.</summary>
    public const string Cublas = "tf_cublas";

    /// <summary>The name by which imports call cuDNN.</summary>
    public const string Cudnn = "tf_cudnn";

    /// <summary>The name of NVRTC. Nothing is imported from it; cuDNN compiles some of its kernels with it.</summary>
    public const string Nvrtc = "tf_nvrtc";

    /// <summary>The name by which imports call NCCL.</summary>
    public const string Nccl = "tf_nccl";

    // CUDA 12.0, the oldest whose driver runs the libraries of any CUDA 12.
    private const int OldestDriver = 12000;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, FoundLibrary> Found = [];

    /// <summary>All that may be needed, the driver first.</summary>
    public static IReadOnlyList<LibrarySpec> All { get; } =
    [
        new(Driver, "the NVIDIA driver", "TINYFLOW_LIBCUDA",
            new LibraryFiles { Linux = [(0, "libcuda.so.1"), (0, "libcuda.so")], Windows = [(0, "nvcuda.dll")] },
            Native.Driver.Functions,
            "Install the NVIDIA driver, which brings it; the CUDA toolkit is not needed. Start a container with --gpus all."),
        new(Cublas, "cuBLAS", "TINYFLOW_LIBCUBLAS",
            new LibraryFiles
            {
                Linux = [(13, "libcublas.so.13"), (12, "libcublas.so.12")],
                Windows = [(13, "cublas64_13.dll"), (12, "cublas64_12.dll")],
                LinuxCompanion = "libcublasLt.so",
            },
            Native.Cublas.Functions,
            "Install it by 'pip install nvidia-cublas' (CUDA 13) or 'pip install nvidia-cublas-cu12', or install the CUDA toolkit; or set TINYFLOW_CUDA_PATH to the folder that has it."),
        new(Nvrtc, "NVRTC", "TINYFLOW_LIBNVRTC",
            new LibraryFiles
            {
                Linux = [(13, "libnvrtc.so.13"), (12, "libnvrtc.so.12")],
                Windows = [(13, "nvrtc64_130_0.dll"), (12, "nvrtc64_120_0.dll")],
            },
            [],
            "It is optional: some of cuDNN's kernels need it. Install it by 'pip install nvidia-cuda-nvrtc' (CUDA 13) or 'pip install nvidia-cuda-nvrtc-cu12'."),
        new(Cudnn, "cuDNN 9", "TINYFLOW_LIBCUDNN",
            new LibraryFiles { Linux = [(0, "libcudnn.so.9")], Windows = [(0, "cudnn64_9.dll")] },
            Native.Cudnn.Functions,
            "Install it by 'pip install nvidia-cudnn-cu13' or 'pip install nvidia-cudnn-cu12', whichever fits cuBLAS; or set TINYFLOW_CUDA_PATH to the folder that has it.")
        {
            LoadedBefore = [Cublas, Nvrtc],
        },
        new(Nccl, "NCCL 2", "TINYFLOW_LIBNCCL",
            new LibraryFiles { Linux = [(0, "libnccl.so.2")], Windows = [] },
            Native.Nccl.Functions,
            "Install it by 'pip install nvidia-nccl-cu13' or 'pip install nvidia-nccl-cu12'; it exists on Linux only."),
    ];

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "An assembly has one resolver, which must be there before its first import is used.")]
    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(NativeLibraries).Assembly, Resolve);

    /// <summary>A library, looked for at the first call.</summary>
    public static FoundLibrary Find(string import)
    {
        lock (Gate)
        {
            if (!Found.TryGetValue(import, out FoundLibrary? found))
            {
                LibrarySpec library = All.First(spec => spec.Import == import);
                foreach (string other in library.LoadedBefore)
                {
                    Find(other);
                }

                found = new LibrarySearch(new ThisSystem()).Find(library, import == Driver ? 0 : DriverVersion() / 1000);
                Found.Add(import, found);
            }

            return found;
        }
    }

    /// <summary>Complains unless the driver is there, exports what is needed, and is new enough.</summary>
    /// <exception cref="CudaUnavailableException">It is not.</exception>
    public static void RequireDriver()
    {
        Require(Driver);
        int version = DriverVersion();
        if (version < OldestDriver)
        {
            throw new CudaUnavailableException(
                $"The NVIDIA driver knows CUDA {VersionText(version)} at most; {VersionText(OldestDriver)} or later is needed. Install a newer driver.");
        }
    }

    /// <summary>Complains unless a library is there and exports what is needed.</summary>
    /// <exception cref="CudaUnavailableException">It does not.</exception>
    public static void Require(string import)
    {
        FoundLibrary found = Find(import);
        if (Obstacle(found, found.Library.Functions) is { } obstacle)
        {
            throw new CudaUnavailableException(obstacle);
        }
    }

    /// <summary>Why a library cannot be used; null if it can.</summary>
    public static string? Obstacle(FoundLibrary found, IReadOnlyList<string> functions)
    {
        if (!found.IsFound)
        {
            return found.Problem;
        }

        string[] missing = [.. found.Missing(functions)];
        return missing.Length == 0
            ? null
            : $"{found.File} has no {string.Join(", ", missing)}: it is not the version of {found.Library.Title} that is needed. {found.Library.Remedy}";
    }

    /// <summary>A version of CUDA in words: 12080 is 12.8.</summary>
    public static string VersionText(int version) => $"{version / 1000}.{version % 1000 / 10}";

    /// <summary>1000·major + 10·minor of the newest CUDA that the driver knows; 0 without a driver.</summary>
    public static int DriverVersion()
    {
        FoundLibrary driver = Find(Driver);
        return driver.IsFound && !driver.Missing([nameof(Native.Driver.cuDriverGetVersion)]).Any()
            && Native.Driver.cuDriverGetVersion(out int version) == DriverResult.Success ? version : 0;
    }

    // Throwing here keeps the runtime from listing the ten other places that it would look into.
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (All.All(library => library.Import != name))
        {
            return 0;
        }

        FoundLibrary found = Find(name);
        return found.IsFound ? found.Handle : throw new CudaUnavailableException(found.Problem);
    }
}
