using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;

namespace Bench;

/// <summary>Driver and worker in one program: the driver starts itself again for each engine.</summary>
internal static class Program
{
    /// <summary>Makes this process a worker; one argument follows, an <see cref="Order"/> as JSON.</summary>
    public const string WorkerCommand = "worker";

    /// <summary>Makes this process a worker for convolutions; one argument follows, a <see cref="KernelOrder"/> as JSON.</summary>
    public const string KernelWorkerCommand = "kernel-worker";

    private const double EffectMilliseconds = 40, QuickEffectMilliseconds = 5;

    public static int Main(string[] args)
    {
        switch (args)
        {
            case [WorkerCommand, string order]:
                Worker.Run(JsonSerializer.Deserialize(order, MessageContext.Default.Order)!);
                return 0;
            case [KernelWorkerCommand, string order]:
                KernelWorker.Run(JsonSerializer.Deserialize(order, MessageContext.Default.KernelOrder)!);
                return 0;
            default:
                break;
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
            Repository repository = Repository.Find();
            int vectorBits = Machine.Current.VectorBits;
            Baseline? baseline = options.Checks ? Baseline.Load(repository.Baseline(vectorBits)) : null;
            Results results = Measure(options);
            Report.Write(results, options.Format, Console.Out);
            if (options.Roofline is { } chart)
            {
                Roofline.Draw(results, chart);
            }

            baseline?.Compare(results, Console.Error);
            if (options.SavesBaseline)
            {
                Baseline.Of(results).Save(repository.Baseline(vectorBits));
            }

            if (options.UpdatesDocuments)
            {
                repository.Update(Report.Tables(results), vectorBits);
                Roofline.Draw(results, repository.Roofline(vectorBits));
            }

            return 0;
        }
        catch (BenchException e)
        {
            Console.Error.WriteLine($"bench: {e.Message}");
            return 1;
        }
    }

    private static Results Measure(Options options)
    {
        LibTorchSharpLoading.Prepare();
        LoadMeter load = new();
        Comparison comparison = new(options, load);
        StartUpComparison startUp = new(options);
        IReadOnlyList<T> In<T>(Section section, Func<IEnumerable<T>> measure) => options.Sections.Contains(section) ? [.. measure()] : [];
        IEnumerable<T> OfPresets<T>(Func<IReadOnlyList<Workload>, IEnumerable<T>> measure) => options.Presets.SelectMany(preset => measure(options.WorkloadsOf(preset)));

        Comparison.Log("ceilings of this machine");
        Ceilings ceilings = Ceilings.Measure(options.Threads);
        IReadOnlyList<KernelRow> kernels = In(Section.Kernels, () => new KernelComparison(options, load, ceilings).Measure());
        Comparison.Log("effects and errors");
        IReadOnlyList<Effect> effects = In(Section.Effects, () => new Effects(options.Threads, options.Repetitions, options.IsQuick ? QuickEffectMilliseconds : EffectMilliseconds).Measure());
        IReadOnlyList<KernelError> errors = In(Section.Errors, KernelError.Measure);
        List<Row> rows = [.. In(Section.Results, () => OfPresets(workloads => workloads.Select(comparison.Measure)))];
        IReadOnlyList<Scaling> scaling = options.Threads == 1 ? [] : In(Section.Scaling, () => OfPresets(workloads => workloads.Take(1).Select(w => comparison.MeasureScaling(w, ceilings))));
        rows.AddRange(In(Section.Start, () => OfPresets(workloads => startUp.Measure(workloads[0]))));
        return new Results(
            Machine.Current, DateTime.UtcNow, Environment.GetEnvironmentVariable("BENCH_COMMIT") ?? "unknown", options.IsQuick,
            TorchSharpEngine.Version, load.OtherCores, ceilings, kernels, effects, errors, comparison.Agreements, scaling, rows);
    }
}
