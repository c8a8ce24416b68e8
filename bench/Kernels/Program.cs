using TinyFlow;
using TinyFlow.Bench.Kernels;

// dotnet run -c Release --project bench/Kernels -- [threads …]
// One line a convolution and number of threads: best of many, milliseconds, GFLOP/s counted as a direct convolution,
// and their share of this machine's fused-multiply-add peak.
int[] threadCounts = args.Length > 0 ? [.. args.Select(int.Parse)] : [1, Environment.ProcessorCount];
foreach (int threads in threadCounts)
{
    double peak = Peak.Measure(threads);
    Console.WriteLine($"{threads} threads, fused-multiply-add peak {peak:F0} GFLOP/s");
    using CpuBackend backend = new(threads);
    foreach (ConvolutionTiming timing in ConvolutionTiming.All)
    {
        Console.WriteLine(timing.Line(backend, peak));
    }
}
