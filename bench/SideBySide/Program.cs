using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;

namespace Bench;

/// <summary>Driver and worker in one program: the driver starts itself again for each engine.</summary>
internal static class Program
{
    /// <summary>Makes this process a worker; one argument follows, an <see cref="Order"/> as JSON.</summary>
    public const string WorkerCommand = "worker";

    public static int Main(string[] args)
    {
        if (args is [WorkerCommand, string order])
        {
            Worker.Run(JsonSerializer.Deserialize(order, MessageContext.Default.Order)!);
            return 0;
        }

        ParseResult parsed = Options.Command(Drive).Parse(args);
        foreach (ParseError error in parsed.Errors)
        {
            Console.Error.WriteLine($"bench: {error.Message}");
        }

        const int BadUsage = 2;
        return parsed.Errors.Count > 0 ? BadUsage : parsed.Invoke();
    }

    private static int Drive(Options options)
    {
        try
        {
            LibTorchSharpLoading.Prepare();
            Comparison comparison = new(options);
            List<Row> rows = [.. options.Workloads.Select(comparison.Measure)];
            rows.AddRange(comparison.MeasureStartUp(options.Workloads[0]));
            Results results = new(
                Machine.Current, DateTime.UtcNow, Environment.GetEnvironmentVariable("BENCH_COMMIT") ?? "unknown",
                TorchSharpEngine.Version, comparison.OtherLoadCores, comparison.Agreements, rows);
            Report.Write(results, options.Format, Console.Out);
            return 0;
        }
        catch (BenchException e)
        {
            Console.Error.WriteLine($"bench: {e.Message}");
            return 1;
        }
    }
}
