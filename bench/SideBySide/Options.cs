using System.CommandLine;

namespace Bench;

/// <summary>How a table may be written.</summary>
internal enum Format
{
    Table,
    Markdown,
    Json,
}

/// <summary>What the user asked for.</summary>
internal sealed record Options(string Preset, int Threads, int? Batch, int Repetitions, double WarmUpSeconds, Format Format)
{
    private static readonly string[] Presets = ["notebook"];

    /// <summary>The lines of the table, but for start-up.</summary>
    public IReadOnlyList<Workload> Workloads => [.. ((Workload[])[
        new(Preset, What.Train, Batch ?? 64, Threads),
        new(Preset, What.Evaluate, Batch ?? 256, Threads),
        new(Preset, What.Sample, Batch ?? 256, Threads),
        new(Preset, What.Evaluate, Batch ?? 1, Threads)]).Distinct()];

    /// <summary>The command line, which calls the function with what it was given.</summary>
    public static RootCommand Command(Func<Options, int> run)
    {
        Option<string> preset = new("--preset") { Description = "The model.", DefaultValueFactory = _ => Presets[0] };
        preset.AcceptOnlyFromAmong(Presets);
        Option<int> threads = new("--threads") { Description = "Threads of each engine.", DefaultValueFactory = _ => Math.Min(2, Environment.ProcessorCount) };
        Option<int?> batch = new("--batch") { Description = "Images a step; by default 64 to train, 256 and 1 to evaluate, 256 to sample." };
        RequirePositive(threads);
        RequirePositive(batch);
        Option<bool> quick = new("--quick") { Description = "3 repetitions after a short warm-up: whether it works, not how fast." };
        Option<bool> json = new("--json") { Description = "One JSON object alone on standard output." };
        Option<bool> markdown = new("--markdown") { Description = "Tables for docs/benchmarks.md." };
        RootCommand command = new("Trains, evaluates and samples with TinyFlow and TorchSharp side by side on this machine.")
        {
            preset, threads, batch, quick, json, markdown,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(json) && result.GetValue(markdown))
            {
                result.AddError("--json and --markdown exclude each other.");
            }
        });
        command.SetAction(parsed => run(new Options(
            parsed.GetValue(preset)!, parsed.GetValue(threads), parsed.GetValue(batch),
            Repetitions: parsed.GetValue(quick) ? 3 : 11, WarmUpSeconds: parsed.GetValue(quick) ? 0.5 : 3,
            parsed.GetValue(json) ? Format.Json : parsed.GetValue(markdown) ? Format.Markdown : Format.Table)));
        return command;
    }

    private static void RequirePositive<T>(Option<T> option) => option.Validators.Add(result =>
    {
        if (result.Tokens is [{ Value: string text }] && int.TryParse(text, out int number) && number < 1)
        {
            result.AddError($"{option.Name} must be at least 1; found {number}.");
        }
    });
}
