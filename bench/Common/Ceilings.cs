using TinyFlow.Cpu.Vectors;

namespace Bench;

/// <summary>
/// What this machine can do at most, which no kernel can pass: fused multiply-adds without any memory, and memory without
/// any arithmetic. GFLOP/s count a multiply-add as two; GB/s count 12 bytes an element of a = b + s·c, as STREAM does.
/// </summary>
/// <param name="Threads">How many threads the figures without "1" are for.</param>
/// <param name="FmaGflopsOneThread">Multiply-adds of one thread.</param>
/// <param name="FmaGflops">Multiply-adds of all threads.</param>
/// <param name="TriadGbPerSOneThread">Memory with ordinary stores, one thread.</param>
/// <param name="TriadGbPerS">Memory with ordinary stores, all threads.</param>
/// <param name="StreamingGbPerSOneThread">Memory with non-temporal stores, one thread.</param>
/// <param name="StreamingGbPerS">Memory with non-temporal stores, all threads.</param>
internal sealed record Ceilings(
    int Threads, double FmaGflopsOneThread, double FmaGflops, double TriadGbPerSOneThread, double TriadGbPerS, double StreamingGbPerSOneThread, double StreamingGbPerS)
{
    /// <summary>The bandwidth under which the kernels' roof is drawn: the better way of storing.</summary>
    public double GbPerS => Math.Max(TriadGbPerS, StreamingGbPerS);

    /// <summary>Measures in about a second.</summary>
    public static Ceilings Measure(int threads)
    {
        using Triad triad = new();
        return new Ceilings(
            threads, Fma(1), Fma(threads),
            Round(triad.Measure(1, streaming: false)), Round(triad.Measure(threads, streaming: false)),
            Round(triad.Measure(1, streaming: true)), Round(triad.Measure(threads, streaming: true)));
    }

    private static double Fma(int threads) => Round(VectorWidths.Best switch
    {
        VectorWidth.Bits512 => FmaPeak<Lanes512>.Measure(threads),
        VectorWidth.Bits256 => FmaPeak<Lanes256>.Measure(threads),
        _ => FmaPeak<Lanes128>.Measure(threads),
    });

    private static double Round(double value) => Math.Round(value, 1);
}
