using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using TinyFlow.Cuda;

namespace TinyFlow.Cli.Commands;

/// <summary>tinyflow devices.</summary>
internal static class DevicesCommand
{
    public static Command Create()
    {
        Option<bool> json = CommonOptions.Json();
        Command command = new("devices", "List what can compute here: the CPU, NVIDIA GPUs, their driver and libraries, and what to install for what is missing.") { json };
        command.SetAction(parsed =>
        {
            CudaInventory inventory = CudaInventory.Take();
            Console.WriteLine(parsed.GetValue(json) ? ToJson(inventory) : ToText(inventory));
            return ExitCode.Success;
        });
        return command;
    }

    private static string ToText(CudaInventory inventory)
    {
        List<string> lines = [];
        void Line(string name, string text) => lines.Add($"{name,-18} {text}");
        Line("cpu", $"{Words.Count(Environment.ProcessorCount, "core")}, vectors of {CpuBackend.VectorBits} bits ({VectorUnit})");
        foreach (CudaDevice device in inventory.Devices)
        {
            Line($"cuda:{device.Number}", string.Create(
                CultureInfo.InvariantCulture,
                $"{device.Name}, {Free(device)}{Gibibytes(device.MemoryBytes)} of memory, compute capability {device.ComputeCapability}, {device.Multiprocessors} multiprocessors"));
            if (CudaInventory.Obstacle(device.Number) is { } obstacle)
            {
                Line("", $"It cannot be used: {obstacle}");
            }
        }

        if (inventory.Problem is not null)
        {
            Line("cuda", "no GPU can be used; TinyFlow computes on the CPU.");
            Line("", inventory.Problem);
        }

        foreach (CudaLibrary library in inventory.Libraries.Where(library => library.Problem is null || library.Problem != inventory.Problem))
        {
            Line(library.Title, library.Problem ?? $"{library.Version?.ToString() ?? "of an unknown version"}: {library.File}");
        }

        lines.Add("Choose with --device auto|cpu|cuda|cuda:N; auto is the default. (reference computes in float64, slowly, for tests.)");
        return string.Join(Environment.NewLine, lines);
    }

    private static string ToJson(CudaInventory inventory) => JsonText.Object(json =>
    {
        json.WriteStartObject("cpu");
        json.WriteNumber("cores", Environment.ProcessorCount);
        json.WriteNumber("vector_bits", CpuBackend.VectorBits);
        json.WriteString("vector_unit", VectorUnit);
        json.WriteEndObject();
        json.WriteStartArray("gpus");
        foreach (CudaDevice device in inventory.Devices)
        {
            json.WriteStartObject();
            json.WriteString("device", $"cuda:{device.Number}");
            json.WriteString("name", device.Name);
            if (CudaInventory.FreeMemory(device.Number) is { } free)
            {
                json.WriteNumber("memory_free", free);
            }
            else
            {
                json.WriteNull("memory_free");
            }

            json.WriteNumber("memory_total", device.MemoryBytes);
            json.WriteString("compute_capability", device.ComputeCapability.ToString());
            json.WriteNumber("multiprocessors", device.Multiprocessors);
            json.WriteString("problem", CudaInventory.Obstacle(device.Number));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("problem", inventory.Problem);
        json.WriteStartArray("libraries");
        foreach (CudaLibrary library in inventory.Libraries)
        {
            json.WriteStartObject();
            json.WriteString("name", library.Title);
            json.WriteString("version", library.Version?.ToString());
            json.WriteString("file", library.File);
            json.WriteString("problem", library.Problem);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static string VectorUnit => (RuntimeInformation.ProcessArchitecture, CpuBackend.VectorBits) switch
    {
        (Architecture.Arm64, _) => "NEON",
        (_, 512) => "AVX-512",
        (_, 256) => "AVX2",
        (_, _) => "SSE",
    };

    private static string Free(CudaDevice device) => CudaInventory.FreeMemory(device.Number) is { } bytes ? $"{Gibibytes(bytes)} free of " : "";

    private static string Gibibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):F1} GiB");
}
