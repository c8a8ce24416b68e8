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
        string? line = File.Exists(Path) ? File.ReadLines(Path).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':') + 1)..].Trim();
    }
}
