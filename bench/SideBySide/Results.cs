using System.Text.Json.Serialization;

namespace Bench;

/// <summary>The one object that --json prints.</summary>
internal sealed record Results(
    Machine Machine, DateTime Date, string Commit, bool IsQuick, string Torchsharp, double? OtherLoadCores, Ceilings Ceilings, IReadOnlyList<KernelRow> Kernels,
    IReadOnlyList<Effect> Effects, IReadOnlyList<KernelError> Errors, IReadOnlyList<Agreement> Agreement, IReadOnlyList<Scaling> Scaling,
    [property: JsonPropertyName("results")] IReadOnlyList<Row> Rows);

/// <summary>
/// A value that TinyFlow and a variant of TorchSharp computed from the same parameters and inputs. The difference is
/// null if it is no number.
/// </summary>
internal sealed record Agreement(
    string Preset, string What, int Batch, string Variant, string Value, double Tinyflow, double Torchsharp, double? RelativeDifference, bool Agrees)
{
    /// <summary>The largest relative difference at which two float32 engines still count as computing the same.</summary>
    private const double Tolerance = 1e-4;

    public static Agreement Of(Workload workload, Variant variant, string value, double own, double peer)
    {
        double difference = Math.Abs(own - peer) / Math.Max(Math.Abs(own), Math.Abs(peer));
        return new Agreement(
            workload.Preset, workload.Name(), workload.Batch, variant.Name, value, own, peer,
            double.IsFinite(difference) ? difference : null, difference <= Tolerance);
    }
}

/// <summary>
/// How many times faster several threads are than one, in TinyFlow and in TorchSharp's fastest way, beside what the machine's
/// arithmetic and memory gain in the same run.
/// </summary>
internal sealed record Scaling(
    string Preset, string What, int Batch, int Threads, double TinyflowMs1, double TinyflowMs, double TinyflowSpeedup, double? TorchsharpSpeedup,
    double FmaSpeedup, double BandwidthSpeedup);

/// <summary>
/// One line of the table. TorchSharp's time is that of its fastest variant, which the line names, and its peak memory
/// that of its leanest one: TinyFlow is held against the better of each. A variant whose values are wrong does not
/// count. The ratio says how many times faster TinyFlow is. Null where there is no peer.
/// </summary>
internal sealed record Row(
    string Preset, string What, int Batch, int Threads, double TinyflowMs, double? TorchsharpMs, double? Ratio,
    double TinyflowPeakMb, double? TorchsharpPeakMb, double? TinyflowImagesPerSecond, double? TorchsharpImagesPerSecond,
    int Repetitions, string? TorchsharpVariant, IReadOnlyList<Measurement> Variants)
{
    public static Row Of(Workload workload, string what, IReadOnlyList<Measurement> measurements, bool hasThroughput)
    {
        Measurement own = measurements[0];
        List<Measurement> peers = [.. measurements.Skip(1).Where(m => m.Agrees)];
        Measurement? fastest = peers.MinBy(m => m.Ms);
        double? PerSecond(double? milliseconds) => hasThroughput && milliseconds is { } ms ? Math.Round(workload.Batch / ms * 1000, 1) : null;
        return new Row(
            workload.Preset, what, workload.Batch, workload.Threads, own.Ms, fastest?.Ms, fastest is null ? null : Math.Round(fastest.Ms / own.Ms, 3),
            own.PeakMb, fastest is null ? null : peers.Min(m => m.PeakMb), PerSecond(own.Ms), PerSecond(fastest?.Ms), own.Repetitions, fastest?.Variant, measurements);
    }
}

/// <summary>
/// One engine in one variant: the median time of a step, the fastest, the process's peak memory, and whether it
/// computes what TinyFlow computes.
/// </summary>
internal sealed record Measurement(string Variant, double Ms, double BestMs, double PeakMb, int Repetitions, bool Agrees)
{
    public static Measurement Of(Variant variant, IReadOnlyCollection<double> milliseconds, double peakMegabytes, bool agrees) => new(
        variant.Name, Math.Round(Numbers.Median(milliseconds), 3), Math.Round(milliseconds.Min(), 3), Math.Round(peakMegabytes, 1), milliseconds.Count, agrees);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(Results))]
[JsonSerializable(typeof(Baseline))]
internal sealed partial class ResultsContext : JsonSerializerContext;
