using System.Text.Json;

namespace Bench;

/// <summary>
/// Ratios of a run by what they are of, TorchSharp's over TinyFlow's: above 1, TinyFlow is better. Ratios of one run are
/// worth comparing between machines of one kind, which times are not.
/// </summary>
internal sealed record Baseline(string Cpu, int VectorBits, string Commit, DateTime Date, bool IsQuick, SortedDictionary<string, double> Ratios)
{
    /// <summary>A ratio may fall to this part of the old one before a warning: measured medians scatter by some percent, single kernels by more.</summary>
    private const double Allowed = 0.85;

    public static Baseline Of(Results results)
    {
        SortedDictionary<string, double> ratios = new(StringComparer.Ordinal);
        foreach (Row row in results.Rows)
        {
            string name = $"{row.Preset}, {row.What}, batch {row.Batch}, {row.Threads} threads";
            Add($"{name}: time", row.Ratio);
            Add($"{name}: peak memory", Math.Round(row.TorchsharpPeakMb / row.TinyflowPeakMb ?? double.NaN, 3));
        }

        foreach (KernelRow row in results.Kernels)
        {
            Add($"{row.Shape}, {row.Pass}, {row.Threads} threads: time", row.Ratio);
        }

        foreach (Scaling row in results.Scaling)
        {
            Add($"{row.Preset}, {row.What}, batch {row.Batch}: {row.Threads} threads over 1", row.TinyflowSpeedup);
        }

        return new Baseline(results.Machine.Cpu, results.Machine.VectorBits, results.Commit, results.Date, results.IsQuick, ratios);

        void Add(string name, double? ratio)
        {
            if (ratio is { } number && double.IsFinite(number))
            {
                ratios[name] = number;
            }
        }
    }

    /// <exception cref="BenchException">There is none, or it cannot be read.</exception>
    public static Baseline Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), ResultsContext.Default.Baseline) ?? throw new JsonException("found null");
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            throw new BenchException($"{path}: the ratios to compare with cannot be read ({e.Message}). Write them with bench/run --save-baseline.");
        }
    }

    public void Save(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, ResultsContext.Default.Baseline) + "\n");

    /// <summary>Writes a warning for each ratio that has fallen by more than the scatter, and a last line that sums up.</summary>
    public void Compare(Results results, TextWriter output)
    {
        SortedDictionary<string, double> now = Of(results).Ratios;
        if (results.Machine.Cpu != Cpu)
        {
            output.WriteLine($"check: the committed ratios are of another machine ({Cpu}): differences may be the machine's.");
        }

        string[] common = [.. Ratios.Keys.Where(now.ContainsKey)], fallen = [.. common.Where(name => now[name] < Allowed * Ratios[name])];
        foreach (string name in fallen)
        {
            output.WriteLine(FormattableString.Invariant($"check: warning: {name}: {now[name]:0.00}, was {Ratios[name]:0.00} at {Commit}"));
        }

        output.WriteLine($"check: {common.Length} ratios compared with those of {Commit}, {fallen.Length} have fallen by more than {1 - Allowed:P0}; {Ratios.Count - common.Length} were not measured in this run.");
    }
}
