using System.Globalization;

namespace Bench;

/// <summary>
/// Measures convolutions: TinyFlow's chosen kernel, its other ones, and libtorch in both layouts. Resident processes take
/// turns, one repetition each.
/// </summary>
internal sealed class KernelComparison(Options options, LoadMeter load, Ceilings ceilings)
{
    private const double Tolerance = 1e-4;
    private const string Chosen = "Automatic";

    public IReadOnlyList<KernelRow> Measure()
    {
        // On one image TinyFlow's choice is the same.
        Variant[] variants = [Variant.TinyFlow, .. Variant.TorchSharpFast];
        List<WorkerProcess> workers = [];
        try
        {
            workers.AddRange(variants.Select(v => new WorkerProcess(new KernelOrder(v.Engine, options.Threads, v.ChannelsLast, options.KernelWarmUpMilliseconds), v)));
            return [.. Enumerable.Range(0, ConvolutionShape.All.Count).SelectMany(i => Measure(i, workers))];
        }
        finally
        {
            workers.ForEach(w => w.Dispose());
        }
    }

    private KernelRow[] Measure(int index, List<WorkerProcess> workers)
    {
        ConvolutionShape shape = ConvolutionShape.All[index];
        Comparison.Log($"convolution {shape.Name}");
        KernelReady[] ready = [.. workers.Select(w => w.Ask(string.Create(CultureInfo.InvariantCulture, $"load {index}"), MessageContext.Default.KernelReady))];
        return [.. Enum.GetValues<ConvolutionPass>().Select(pass => Measure(shape, pass, workers, ready))];
    }

    private KernelRow Measure(ConvolutionShape shape, ConvolutionPass pass, List<WorkerProcess> workers, KernelReady[] ready)
    {
        string[] kernels = ready[0].Kernels[(int)pass], others = options.IsQuick ? [] : kernels[1..];
        (WorkerProcess Worker, string Kernel)[] runs = [(workers[0], Chosen), .. workers.Skip(1).Select(w => (w, Chosen)), .. others.Select(kernel => (workers[0], kernel))];
        List<double>[] times = [.. runs.Select(_ => new List<double>())];
        for (int repetition = 0; repetition < options.Repetitions; repetition++)
        {
            for (int i = 0; i < runs.Length; i++)
            {
                (WorkerProcess worker, string kernel) = runs[i];
                Thread.Sleep(options.KernelSettleMilliseconds);
                string command = string.Create(CultureInfo.InvariantCulture, $"{Worker.RunCommand} {pass} {kernel} {options.KernelMilliseconds}");
                times[i].Add(load.Measure(worker, () => worker.Ask(command, MessageContext.Default.Repetition)).Milliseconds);
            }
        }

        double own = Numbers.Median(times[0]);
        int[] right = [.. Enumerable.Range(1, workers.Count - 1).Where(i => Agrees(ready[0].MeanSquares[(int)pass], ready[i].MeanSquares[(int)pass]))];
        int fastest = right.Length == 0 ? -1 : right.MinBy(i => Numbers.Median(times[i]));
        double? peer = fastest < 0 ? null : Numbers.Median(times[fastest]);
        KernelTime[] alternatives = [.. others.Select((kernel, i) => new KernelTime(kernel, Math.Round(Numbers.Median(times[workers.Count + i]), 4)))];
        return KernelRow.Of(
            shape, pass, options.Threads, kernels[0], own, peer, fastest < 0 ? null : workers[fastest].Variant.Name, alternatives,
            [.. Enumerable.Range(1, workers.Count - 1).Except(right).Select(i => workers[i].Variant.Name)], ceilings);
    }

    private static bool Agrees(double own, double peer) => Math.Abs(own - peer) <= Tolerance * Math.Max(Math.Abs(own), Math.Abs(peer));
}
