using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Tests.Docs;

namespace TinyFlow.Tests.Cuda;

/// <summary>
/// The library that stands in for the driver, cuBLAS, cuDNN and NCCL where no GPU is: our kernels on an emulator of the
/// device (native/README.md). With <c>TINYFLOW_TEST_GPU=1</c> the machine's own libraries are used instead.
/// </summary>
internal static class Standin
{
    private static readonly string[] Overrides = ["TINYFLOW_LIBCUDA", "TINYFLOW_LIBCUBLAS", "TINYFLOW_LIBCUDNN", "TINYFLOW_LIBNCCL"];

    // What keeps the library from being used; null if nothing does.
    private static readonly Lazy<string?> Obstacle = new(Prepare);

    private static CudaContext? _held;

    /// <summary>Whether tests run on a GPU.</summary>
    public static bool IsReplaced => System.Environment.GetEnvironmentVariable("TINYFLOW_TEST_GPU") is "1";

    /// <summary>The library's file: the one that <c>TINYFLOW_STANDIN</c> names, or what native/build-standin.sh makes.</summary>
    public static string File => Given ?? Repository.File("artifacts", "native", "libtinyflow_standin.so");

    /// <summary>Opens a backend on it; the test is inconclusive where it cannot be built.</summary>
    public static CudaBackend Open(bool poison = false, long? memoryLimit = null, MatmulPrecision precision = MatmulPrecision.Highest)
    {
        Require();
        return new CudaBackend(precision: precision, poison: poison, memoryLimit: memoryLimit);
    }

    /// <summary>Makes sure that the library is there and found.</summary>
    public static void Require()
    {
        if (Obstacle.Value is { } obstacle)
        {
            Assert.Inconclusive(obstacle);
        }
    }

    /// <summary>The variables by which a process finds it, and those that are given besides, such as its options.</summary>
    public static IReadOnlyDictionary<string, string?> Environment(params (string Name, string Value)[] more)
    {
        Require();
        Dictionary<string, string?> variables = Overrides.ToDictionary(name => name, _ => IsReplaced ? null : File);
        foreach ((string name, string value) in more)
        {
            variables[name] = value;
        }

        return variables;
    }

    /// <summary>The same for what only the stand-in does, such as to fail; on a GPU the test is inconclusive.</summary>
    public static IReadOnlyDictionary<string, string?> Obeying(params (string Name, string Value)[] more)
    {
        if (IsReplaced)
        {
            Assert.Inconclusive("Only the stand-in for a GPU can be told what to be.");
        }

        return Environment(more);
    }

    /// <summary>Sets one of its options (native/standin/options.h) for all that runs on it from now on; a GPU has none.</summary>
    public static void Set(string option, long value)
    {
        Require();
        if (!IsReplaced)
        {
            SetOption set = Marshal.GetDelegateForFunctionPointer<SetOption>(NativeLibrary.GetExport(NativeLibrary.Load(File), "tf_standin_set"));
            Assert.AreEqual(0, set(option, value), $"The stand-in has no option '{option}'.");
        }
    }

    /// <summary>Makes a library that has not all of its functions, as an older or later version of NVIDIA's might be; the caller deletes it.</summary>
    public static string Without(params string[] functions)
    {
        Require();
        if (IsReplaced)
        {
            Assert.Inconclusive("Only the stand-in for a GPU can be had without some of its functions.");
        }

        string file = Path.Combine(Path.GetTempPath(), $"tinyflow_standin_{Guid.NewGuid():N}.so");
        (int built, string log) = Run("bash", Repository.File("native", "build-standin.sh"), "--without", string.Join(',', functions), file);
        return built == 0 ? file : throw new InvalidOperationException($"native/build-standin.sh --without failed:\n{log}");
    }

    private static string? Given => System.Environment.GetEnvironmentVariable("TINYFLOW_STANDIN");

    private delegate int SetOption([MarshalAs(UnmanagedType.LPUTF8Str)] string name, long value);

    private static string? Prepare()
    {
        if (IsReplaced)
        {
            // A device's first context takes a good part of a second, and most tests open a backend: this one is there to the end.
            _held = new CudaContext(0);
            return null;
        }

        if (Given is not null)
        {
            Use();
            return null;
        }

        try
        {
            (int code, string output) = Run("g++", "--version");
            if (code != 0)
            {
                return $"g++, which builds the stand-in for a GPU, does not work: {output}";
            }
        }
        catch (Win32Exception)
        {
            return "The stand-in for a GPU is built by g++, which is not installed.";
        }

        // Test processes that start at the same time wait for the first one's build, which locks; then there is nothing to do.
        (int built, string log) = Run("bash", Repository.File("native", "build-standin.sh"));
        if (built != 0)
        {
            throw new InvalidOperationException($"native/build-standin.sh failed:\n{log}");
        }

        Use();
        return null;
    }

    private static void Use()
    {
        foreach (string name in Overrides)
        {
            System.Environment.SetEnvironmentVariable(name, File);
        }
    }

    private static (int Code, string Output) Run(string program, params string[] arguments)
    {
        using Process process = new() { StartInfo = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true } };
        process.Start();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
