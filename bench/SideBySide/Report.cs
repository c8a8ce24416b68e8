using System.Globalization;
using System.Text.Json;

namespace Bench;

/// <summary>Results as text, Markdown or JSON.</summary>
internal static class Report
{
    /// <summary>Above this load by others, the figures are not worth quoting.</summary>
    private const double QuietCores = 0.1;

    private static readonly string[] SummaryColumns = ["what", "TinyFlow", "TorchSharp", "times faster", "peak memory, TinyFlow / TorchSharp"];

    private static readonly string[] CeilingColumns = ["what", "1 thread", "all threads", "gain"];

    private static readonly string[] KernelColumns =
        ["convolution", "pass", "kernel", "TinyFlow ms", "GFLOP/s", "of FMA peak", "TorchSharp ms", "GFLOP/s", "of FMA peak", "times faster", "FLOP/byte"];

    private static readonly string[] ChoiceColumns = ["convolution", "pass", "chosen", "ms", "other kernels, ms", "chosen / best"];

    private static readonly string[] EffectColumns = ["trick", "with", "ms", "without", "ms", "times faster"];

    private static readonly string[] ErrorColumns = ["convolution", "kernel", "forward", "grad-input", "grad-weight"];

    private static readonly string[] RowColumns =
        ["preset", "what", "batch", "threads", "TinyFlow ms", "TorchSharp ms", "times faster", "TinyFlow images/s", "TorchSharp images/s", "TinyFlow MiB", "TorchSharp MiB"];

    private static readonly string[] ScalingColumns =
        ["preset", "what", "batch", "1 thread, ms", "all threads, ms", "TinyFlow gains", "TorchSharp gains", "FMA gains", "bandwidth gains"];

    private static readonly string[] VariantColumns = ["preset", "what", "batch", "variant", "median ms", "best ms", "peak MiB", "of TinyFlow's time", "values"];

    private static readonly string[] AgreementColumns = ["preset", "what", "batch", "variant", "relative differences", "agrees"];

    private static readonly Dictionary<string, string> Sentences = new() { ["train"] = "training step", ["evaluate"] = "evaluation", ["sample"] = "sampling" };

    public static void Write(Results results, Format format, TextWriter output)
    {
        if (format == Format.Json)
        {
            output.WriteLine(JsonSerializer.Serialize(results, ResultsContext.Default.Results));
            return;
        }

        output.WriteLine(Origin(results));
        foreach (Table table in Tables(results).Where(table => table.Columns.Count > 0))
        {
            output.WriteLine();
            output.WriteLine(format == Format.Markdown ? $"### {table.Title}\n" : table.Title);
            table.Write(output, format == Format.Markdown);
        }
    }

    /// <summary>All tables that have lines, in the order in which they are printed; "origin" is a paragraph.</summary>
    public static IReadOnlyList<Table> Tables(Results results)
    {
        Table[] all =
        [
            new("origin", Origin(results), [], [[]]),
            new("summary", "In short", SummaryColumns, [.. results.Rows.Where(r => Sentences.ContainsKey(r.What)).Select(r => (string[])
                [$"`{r.Preset}`: {Sentences[r.What]}, batch {r.Batch}", $"{Time(r.TinyflowMs)} ms", Unit(r.TorchsharpMs, "ms"), Text($"{r.Ratio:0.0}"), Text($"{r.TinyflowPeakMb:N0}") + (r.TorchsharpPeakMb is null ? "" : Text($" / {r.TorchsharpPeakMb:N0}")) + " MiB"])]),
            new("ceilings", "Ceilings of this machine", CeilingColumns, Ceilings(results.Ceilings)),
            new("kernels", "Convolutions", KernelColumns, [.. results.Kernels.Select(k => (string[])
                [k.Shape, k.Pass, k.Kernel, Time(k.TinyflowMs), Text($"{k.TinyflowGflops:0}"), Percent(k.TinyflowShare), Time(k.TorchsharpMs), Text($"{k.TorchsharpGflops:0}"), Percent(k.TorchsharpShare), Text($"{k.Ratio:0.00}") + Wrong(k), Text($"{k.FlopPerByte:0.0}")])]),
            new("choice", "What the cost model chooses", ChoiceColumns, [.. results.Kernels.Where(k => k.Others.Count > 0).Select(k => (string[])
                [k.Shape, k.Pass, k.Kernel, Time(k.TinyflowMs), string.Join(", ", k.Others.Select(o => $"{o.Kernel} {Time(o.Ms)}")), Text($"{k.ChoiceLoss:0.00}")])]),
            new("effects", "What single tricks are worth", EffectColumns, [.. results.Effects.Select(e => (string[])
                [e.Trick, e.With, Fine(e.WithMs), e.Without, Fine(e.WithoutMs), Text($"{e.Ratio:0.0}")])]),
            new("errors", "Largest errors against float64, over the largest element", ErrorColumns, [.. results.Errors.Select(e => (string[])
                [e.Shape, e.Kernel, Error(e.Forward), Error(e.InputGradient), Error(e.WeightGradient)])]),
            new("agreement", "Same parameters, same values", AgreementColumns, [.. results.Agreement.GroupBy(a => (a.Preset, a.What, a.Batch, a.Variant)).Select(g => (string[])
                [g.Key.Preset, g.Key.What, Text($"{g.Key.Batch}"), g.Key.Variant, string.Join("; ", g.Select(Difference)), g.All(a => a.Agrees) ? "yes" : "NO"])]),
            new("medians", "Medians, against TorchSharp's fastest and leanest variants", RowColumns, [.. results.Rows.Select(r => (string[])
                [r.Preset, r.What, Text($"{r.Batch}"), Text($"{r.Threads}"), Time(r.TinyflowMs), Time(r.TorchsharpMs), Text($"{r.Ratio:0.00}"),
                    Text($"{r.TinyflowImagesPerSecond:0}"), Text($"{r.TorchsharpImagesPerSecond:0}"), Text($"{r.TinyflowPeakMb:0}"), Text($"{r.TorchsharpPeakMb:0}")])]),
            new("scaling", "All threads over one", ScalingColumns, [.. results.Scaling.Select(s => (string[])
                [s.Preset, s.What, Text($"{s.Batch}"), Time(s.TinyflowMs1), Time(s.TinyflowMs), Text($"{s.TinyflowSpeedup:0.00}"), Text($"{s.TorchsharpSpeedup:0.00}"), Text($"{s.FmaSpeedup:0.00}"), Text($"{s.BandwidthSpeedup:0.00}")])]),
            new("variants", "All variants", VariantColumns, [.. results.Rows.SelectMany(r => r.Variants.Select(v => (string[])
                [r.Preset, r.What, Text($"{r.Batch}"), v.Variant, Time(v.Ms), Time(v.BestMs), Text($"{v.PeakMb:0}"), Text($"{v.Ms / r.TinyflowMs:0.00}"), v.Agrees ? "agree" : "WRONG"]))]),
        ];
        return [.. all.Where(table => table.Rows.Count > 0)];
    }

    private static string Origin(Results results)
    {
        Machine machine = results.Machine;
        string other = results.OtherLoadCores?.ToString("0.00", CultureInfo.InvariantCulture) ?? "an unknown number of";
        string warning = results.IsQuick ? " A quick run: do not quote these figures." : results.OtherLoadCores > QuietCores ? " The machine was not quiet: do not quote these figures." : "";
        return Text($"{machine.Cpu}, {machine.Cores} cores, {machine.VectorBits}-bit vectors, {machine.MemoryGb} GB; {machine.Os}; {machine.Runtime}.\n") +
            Text($"Commit {results.Commit}, {results.Date:yyyy-MM-dd HH:mm} UTC, {results.Torchsharp}. Other processes took {other} cores.{warning}");
    }

    private static string[][] Ceilings(Ceilings c) =>
    [
        ["fused multiply-adds, GFLOP/s", Text($"{c.FmaGflopsOneThread:0}"), Text($"{c.FmaGflops:0}"), Text($"{c.FmaGflops / c.FmaGflopsOneThread:0.00}")],
        ["memory, a = b + s·c, GB/s", Text($"{c.TriadGbPerSOneThread:0.0}"), Text($"{c.TriadGbPerS:0.0}"), Text($"{c.TriadGbPerS / c.TriadGbPerSOneThread:0.00}")],
        ["memory, the same with non-temporal stores, GB/s", Text($"{c.StreamingGbPerSOneThread:0.0}"), Text($"{c.StreamingGbPerS:0.0}"), Text($"{c.StreamingGbPerS / c.StreamingGbPerSOneThread:0.00}")],
    ];

    private static string Wrong(KernelRow row) => row.WrongVariants.Count == 0 ? "" : $" (wrong: {string.Join(", ", row.WrongVariants)})";

    private static string Difference(Agreement a) =>
        $"{a.Value} {a.RelativeDifference?.ToString("0.0e+0", CultureInfo.InvariantCulture) ?? "not a number"}";

    private static string Percent(double? share) => share is { } s ? Text($"{100 * s:0} %") : "";

    private static string Error(double? error) => error is { } e ? e.ToString("0.0e+0", CultureInfo.InvariantCulture) : "";

    private static string Unit(double? milliseconds, string unit) => milliseconds is null ? "" : $"{Time(milliseconds)} {unit}";

    private static string Time(double? milliseconds) => milliseconds?.ToString(milliseconds < 10 ? "0.00" : "0", CultureInfo.InvariantCulture) ?? "";

    private static string Fine(double milliseconds) => milliseconds.ToString(milliseconds < 0.1 ? "0.00000" : milliseconds < 10 ? "0.00" : "0", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
