using System.Globalization;
using System.Text.Json;

namespace Bench;

/// <summary>Results as text, Markdown or JSON.</summary>
internal static class Report
{
    /// <summary>Above this load by others, the figures are not worth quoting.</summary>
    private const double QuietCores = 0.1;

    private static readonly string[] RowColumns =
        ["preset", "what", "batch", "threads", "TinyFlow ms", "TorchSharp ms", "times faster", "TinyFlow images/s", "TorchSharp images/s", "TinyFlow MiB", "TorchSharp MiB"];

    private static readonly string[] VariantColumns = ["what", "batch", "variant", "median ms", "best ms", "peak MiB", "of TinyFlow's time", "values"];

    private static readonly string[] AgreementColumns = ["what", "batch", "variant", "relative differences", "agrees"];

    public static void Write(Results results, Format format, TextWriter output)
    {
        if (format == Format.Json)
        {
            output.WriteLine(JsonSerializer.Serialize(results, ResultsContext.Default.Results));
            return;
        }

        Machine machine = results.Machine;
        output.WriteLine(Text($"{machine.Cpu}, {machine.Cores} cores, {machine.VectorBits}-bit vectors, {machine.MemoryGb} GB; {machine.Os}; {machine.Runtime}."));
        output.WriteLine(Text($"Commit {results.Commit}, {results.Date:yyyy-MM-dd HH:mm} UTC, {results.Torchsharp}. Other processes took {results.OtherLoadCores?.ToString("0.00", CultureInfo.InvariantCulture) ?? "an unknown number of"} cores."));
        if (results.OtherLoadCores > QuietCores)
        {
            output.WriteLine("The machine was not quiet: do not quote these figures.");
        }

        Table(output, format, "Same parameters, same values", AgreementColumns, results.Agreement.GroupBy(a => (a.What, a.Batch, a.Variant)).Select(g => (string[])
            [g.Key.What, Text($"{g.Key.Batch}"), g.Key.Variant, string.Join("; ", g.Select(Difference)), g.All(a => a.Agrees) ? "yes" : "NO"]));
        Table(output, format, "Medians, against TorchSharp's fastest and leanest variants", RowColumns, results.Rows.Select(r => (string[])
            [r.Preset, r.What, Text($"{r.Batch}"), Text($"{r.Threads}"), Time(r.TinyflowMs), Time(r.TorchsharpMs), Text($"{r.Ratio:0.00}"),
                Text($"{r.TinyflowImagesPerSecond:0}"), Text($"{r.TorchsharpImagesPerSecond:0}"), Text($"{r.TinyflowPeakMb:0}"), Text($"{r.TorchsharpPeakMb:0}")]));
        Table(output, format, "All variants", VariantColumns, results.Rows.SelectMany(r => r.Variants.Select(v => (string[])
            [r.What, Text($"{r.Batch}"), v.Variant, Time(v.Ms), Time(v.BestMs), Text($"{v.PeakMb:0}"), Text($"{v.Ms / r.TinyflowMs:0.00}"), v.Agrees ? "agree" : "WRONG"])));
    }

    private static void Table(TextWriter output, Format format, string title, string[] columns, IEnumerable<string[]> rows)
    {
        List<string[]> lines = [columns, .. rows];
        int[] widths = [.. columns.Select((_, i) => lines.Max(line => line[i].Length))];
        bool markdown = format == Format.Markdown;
        (string left, string between, string right) = markdown ? ("| ", " | ", " |") : ("", "  ", "");
        output.WriteLine();
        output.WriteLine(markdown ? $"### {title}\n" : title);
        for (int n = 0; n < lines.Count; n++)
        {
            output.WriteLine((left + string.Join(between, lines[n].Select((cell, i) => cell.PadRight(widths[i]))) + right).TrimEnd());
            if (n == 0 && markdown)
            {
                output.WriteLine(left + string.Join(between, widths.Select(w => new string('-', w))) + right);
            }
        }
    }

    private static string Difference(Agreement a) =>
        $"{a.Value} {a.RelativeDifference?.ToString("0.0e+0", CultureInfo.InvariantCulture) ?? "not a number"}";

    private static string Time(double milliseconds) => milliseconds.ToString(milliseconds < 10 ? "0.00" : "0", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
