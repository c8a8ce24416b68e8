using TinyFlow.Tests.Cuda;

namespace TinyFlow.Tests.Nvp;

/// <summary>The backends that model tests run on, and how closely each must agree with the truth.</summary>
internal static class Devices
{
    public const string Reference = "reference";
    public const string Cpu = "cpu";

    /// <summary>The GPU's, on the stand-in.</summary>
    public const string Cuda = "cuda";

    public static IReadOnlyList<string> Names { get; } = [Reference, Cpu, Cuda];

    /// <summary>The same as rows of data.</summary>
    public static IEnumerable<object[]> Rows => Names.Select(name => new object[] { name });

    /// <summary>Those that compute in float32.</summary>
    public static IReadOnlyList<string> Float32 { get; } = [Cpu, Cuda];

    /// <summary>The same as rows of data.</summary>
    public static IEnumerable<object[]> Float32Rows => Float32.Select(name => new object[] { name });

    public static IBackend Create(string name) => name switch
    {
        Reference => new ReferenceBackend(poison: true),
        Cpu => new CpuBackend(poison: true),
        Cuda => Standin.Open(poison: true),
        _ => throw new ArgumentException($"There is no backend '{name}' to test."),
    };

    /// <summary>Golden values: 1e-9 in float64, 1e-4 in float32, times the largest magnitude (docs/mathematics).</summary>
    public static double GoldenTolerance(string name) => name == Reference ? 1e-9 : 1e-4;

    /// <summary>How far x may be from Inverse(Forward(x)).</summary>
    public static double InverseTolerance(string name) => name == Reference ? 1e-10 : 1e-4;

    /// <summary>Runs a test, and fails it if a tensor is still alive at its end.</summary>
    public static void Run(string name, Action<IBackend> test)
    {
        using IBackend backend = Create(name);
        test(backend);
        backend.AssertNoLeaks();
    }
}
