using System.CommandLine;

namespace Bench;

/// <summary>How results may be written to standard output.</summary>
internal enum Format
{
    Table,
    Markdown,
    Json,
}

/// <summary>A part of a run. The machine's ceilings are always measured.</summary>
internal enum Section
{
    /// <summary>Convolutions beside libtorch's.</summary>
    Kernels,

    /// <summary>What single tricks are worth.</summary>
    Effects,

    /// <summary>Rounding errors of the convolution kernels.</summary>
    Errors,

    /// <summary>Training step, evaluation, sampling, latency of one image.</summary>
    Results,

    /// <summary>One thread against several.</summary>
    Scaling,

    /// <summary>From the start of a process to its first training step.</summary>
    Start,
}

/// <summary>What the user asked for.</summary>
internal sealed record Options
{
    private const string AllPresets = "all";

    // A comparison whose steps are slow is cut to about this long, but never below so many repetitions.
    private const double SecondsPerRow = 240, QuickSecondsPerRow = 5;
    private const int FewestRepetitions = 3;

    public required IReadOnlyList<BenchPreset> Presets { get; init; }

    public required IReadOnlyList<Section> Sections { get; init; }

    public required int Threads { get; init; }

    public int? Batch { get; init; }

    public bool IsQuick { get; init; }

    public Format Format { get; init; }

    /// <summary>Whether ratios are compared with the committed ones.</summary>
    public bool Checks { get; init; }

    /// <summary>Whether ratios become those that later runs are compared with.</summary>
    public bool SavesBaseline { get; init; }

    /// <summary>Whether the tables and the chart in README.md and docs/ are replaced by this run's.</summary>
    public bool UpdatesDocuments { get; init; }

    /// <summary>Where a chart of the kernels is written; null for nowhere.</summary>
    public string? Roofline { get; init; }

    public int Repetitions => IsQuick ? 3 : 11;

    public int StartUpRepetitions => IsQuick ? 1 : 7;

    public double WarmUpSeconds => IsQuick ? 0.3 : 3;

    public double KernelMilliseconds => IsQuick ? 15 : 60;

    public double KernelWarmUpMilliseconds => IsQuick ? 40 : 150;

    public int KernelSettleMilliseconds => IsQuick ? 10 : Comparison.SettleMilliseconds;

    /// <summary>The lines of the table of a preset, but for start-up; the first is training.</summary>
    public IReadOnlyList<Workload> WorkloadsOf(BenchPreset preset)
    {
        int train = Batch ?? (IsQuick ? preset.QuickTrainBatch : preset.TrainBatch), evaluate = Batch ?? (IsQuick ? preset.QuickEvaluateBatch : preset.EvaluateBatch);
        return [.. ((Workload[])[
            new(preset.Name, What.Train, train, Threads),
            new(preset.Name, What.Evaluate, evaluate, Threads),
            new(preset.Name, What.Sample, evaluate, Threads),
            new(preset.Name, What.Evaluate, Batch ?? 1, Threads)]).Distinct()];
    }

    /// <summary>How often everything is repeated that takes so many seconds once.</summary>
    public int RepetitionsOf(double seconds) => (int)Math.Clamp((IsQuick ? QuickSecondsPerRow : SecondsPerRow) / Math.Max(seconds, 1e-3), FewestRepetitions, Repetitions);

    /// <summary>The command line, which calls the function with what it was given.</summary>
    public static RootCommand Command(Func<Options, int> run)
    {
        Option<string> preset = new("--preset") { Description = "The model.", DefaultValueFactory = _ => AllPresets };
        preset.AcceptOnlyFromAmong([AllPresets, .. BenchPreset.Available.Select(p => p.Name)]);
        Option<Section[]> only = new("--only") { Description = "Parts to measure, one after the other; by default all.", AllowMultipleArgumentsPerToken = true };
        Option<int> threads = new("--threads") { Description = "Threads of each engine.", DefaultValueFactory = _ => Math.Min(2, Environment.ProcessorCount) };
        Option<int?> batch = new("--batch") { Description = "Images a step; by default the preset's." };
        RequirePositive(threads);
        RequirePositive(batch);
        Option<bool> quick = new("--quick") { Description = "Few repetitions of smaller batches after a short warm-up: whether it works, not how fast." };
        Option<bool> json = new("--json") { Description = "One JSON object alone on standard output." };
        Option<bool> markdown = new("--markdown") { Description = "The tables of README.md and docs/." };
        Option<bool> check = new("--check") { Description = "Warn of ratios below those in bench/baseline-BITS.json, BITS being the width of the vectors. Never fails on a time." };
        Option<bool> save = new("--save-baseline") { Description = "Write this run's ratios to bench/baseline-BITS.json." };
        Option<bool> update = new("--update-docs") { Description = "Put this run's tables and chart into README.md and docs/." };
        Option<string?> roofline = new("--roofline") { Description = "Draw the kernels under the machine's ceilings.", HelpName = "FILE.png" };
        RootCommand command = new("Trains, evaluates and samples with TinyFlow and TorchSharp side by side on this machine.")
        {
            preset, only, threads, batch, quick, json, markdown, check, save, update, roofline,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(json) && result.GetValue(markdown))
            {
                result.AddError("--json and --markdown exclude each other.");
            }

            if (result.GetValue(save) && result.GetValue(quick))
            {
                result.AddError("--save-baseline needs full repetitions: leave out --quick.");
            }

            // Validated before defaults are filled in: what was not given has no value here.
            bool isPart = result.GetValue(quick) || result.GetResult(only) is { Implicit: false } ||
                (result.GetResult(preset) is { Implicit: false } && result.GetValue(preset) != AllPresets);
            if (result.GetValue(update) && (isPart || (result.GetResult(threads) is { Implicit: false } ? result.GetValue(threads) : Environment.ProcessorCount) == 1))
            {
                result.AddError("--update-docs needs a whole run: leave out --quick, --only and --preset, and use 2 threads or more.");
            }
        });
        command.SetAction(parsed => run(new Options
        {
            Presets = [.. BenchPreset.Available.Where(p => parsed.GetValue(preset) is { } name && (name == AllPresets || p.Name == name))],
            Sections = parsed.GetValue(only) is { Length: > 0 } sections ? sections : Enum.GetValues<Section>(),
            Threads = parsed.GetValue(threads),
            Batch = parsed.GetValue(batch),
            IsQuick = parsed.GetValue(quick),
            Format = parsed.GetValue(json) ? Format.Json : parsed.GetValue(markdown) ? Format.Markdown : Format.Table,
            Checks = parsed.GetValue(check),
            SavesBaseline = parsed.GetValue(save),
            UpdatesDocuments = parsed.GetValue(update),
            Roofline = parsed.GetValue(roofline),
        }));
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
