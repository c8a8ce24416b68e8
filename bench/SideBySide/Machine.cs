using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Bench;

/// <summary>Where the figures come from: processor, the cores that this process may use, and the vector width that .NET takes.</summary>
internal sealed record Machine(string Cpu, int Cores, int VectorBits, double MemoryGb, string Os, string Runtime)
{
    public static Machine Current { get; } = new(
        ProcessorName(), Environment.ProcessorCount,
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0,
        Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9, 1), RuntimeInformation.OSDescription, RuntimeInformation.FrameworkDescription);

    /// <summary>Processor time that all processes of the machine have taken, in seconds; null where the system does not say.</summary>
    public static double? BusySeconds()
    {
        const string Path = "/proc/stat";
        const double TicksPerSecond = 100; // USER_HZ: fixed in what the kernel shows.
        if (!File.Exists(Path))
        {
            return null;
        }

        // cpu user nice system idle iowait irq softirq steal …
        string[] fields = File.ReadLines(Path).First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int[] busy = [1, 2, 3, 6, 7, 8];
        return busy.Sum(i => long.Parse(fields[i], System.Globalization.CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    private static string ProcessorName()
    {
        const string Path = "/proc/cpuinfo";
        string[] lines = File.Exists(Path) ? [.. File.ReadLines(Path).TakeWhile(line => line.Length > 0)] : [];
        string? Field(string name) => lines.FirstOrDefault(line => line.Split(':')[0].Trim() == name)?.Split(':', 2)[1].Trim();

        // A virtual machine's name for it says little: the numbers tell generations apart.
        return Field("model name") is not { } name ? RuntimeInformation.ProcessArchitecture.ToString()
            : Field("cpu family") is { } family && Field("model") is { } model ? $"{name} (family {family}, model {model})"
            : name;
    }
}
