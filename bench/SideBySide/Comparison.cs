using System.Diagnostics;

namespace Bench;

/// <summary>
/// Measures workloads in all variants side by side. Each variant is a resident process; they take turns, one
/// repetition each, so that whatever slows the machine for a while slows all of them alike.
/// </summary>
internal sealed class Comparison(Options options)
{
    /// <summary>The pause before each repetition: libtorch's and our idle threads spin for some milliseconds, then sleep.</summary>
    private const int SettleMilliseconds = 50;

    private readonly List<Agreement> _agreements = [];
    private double _measuredSeconds, _otherSeconds;

    /// <summary>What both engines computed, as far as workloads have been measured.</summary>
    public IReadOnlyList<Agreement> Agreements => _agreements;

    /// <summary>How many cores other processes kept busy while something was measured; null if unknown.</summary>
    public double? OtherLoadCores => _measuredSeconds > 0 ? Math.Round(_otherSeconds / _measuredSeconds, 2) : null;

    /// <summary>One line of the table.</summary>
    /// <exception cref="BenchException">The engines do not compute the same, or a worker failed.</exception>
    public Row Measure(Workload workload)
    {
        string what = workload.Name();
        Log($"{workload.Preset} {what}, batch {workload.Batch}: starting and warming up");
        List<WorkerProcess> workers = [];
        try
        {
            List<Ready> ready = [];
            foreach (Variant variant in (Variant[])[Variant.TinyFlow, .. Variant.TorchSharp])
            {
                // One after the other: a worker that warms up must not disturb another one's warm-up.
                workers.Add(new WorkerProcess(new Order(variant.Engine, workload, variant.ChannelsLast, options.WarmUpSeconds, false), variant));
                ready.Add(workers[^1].Receive(MessageContext.Default.Ready));
            }

            bool[] agrees = CheckAgreement(workload, workers, ready);

            List<double>[] times = [.. workers.Select(_ => new List<double>())];
            for (int repetition = 0; repetition < options.Repetitions; repetition++)
            {
                Log($"{workload.Preset} {what}, batch {workload.Batch}: repetition {repetition + 1} of {options.Repetitions}");
                for (int i = 0; i < workers.Count; i++)
                {
                    Thread.Sleep(SettleMilliseconds);
                    times[i].Add(RunAlone(workers[i]));
                }
            }

            List<Measurement> measurements = [.. workers.Select((w, i) => Measurement.Of(w.Variant, times[i], w.Finish(), agrees[i]))];
            return Row.Of(workload, what, options.Repetitions, measurements, hasThroughput: true);
        }
        finally
        {
            workers.ForEach(w => w.Dispose());
        }
    }

    /// <summary>From the start of a process to the begin and to the end of its first training step, in fresh processes.</summary>
    public IReadOnlyList<Row> MeasureStartUp(Workload workload)
    {
        Variant[] variants = [Variant.TinyFlow, Variant.TorchSharpPlain];
        List<double>[] began = [[], []], ended = [[], []];
        double[] peaks = [0, 0];
        for (int repetition = 0; repetition < options.Repetitions; repetition++)
        {
            Log($"{workload.Preset} start-up: repetition {repetition + 1} of {options.Repetitions}");
            for (int i = 0; i < variants.Length; i++)
            {
                using WorkerProcess worker = new(new Order(variants[i].Engine, workload, variants[i].ChannelsLast, 0, true), variants[i]);
                StartUp startUp = worker.Receive(MessageContext.Default.StartUp);
                began[i].Add((startUp.Began - worker.Started).TotalMilliseconds);
                ended[i].Add((startUp.Ended - worker.Started).TotalMilliseconds);
                peaks[i] = worker.Finish();
            }
        }

        Row RowOf(string what, List<double>[] times) => Row.Of(
            workload, what, options.Repetitions, [.. variants.Select((v, i) => Measurement.Of(v, times[i], peaks[i], agrees: true))], hasThroughput: false);
        return [RowOf("start to first step", began), RowOf("start to first step done", ended)];
    }

    private double RunAlone(WorkerProcess worker)
    {
        double? busy = Machine.BusySeconds();
        double own = worker.ProcessorSeconds;
        long start = Stopwatch.GetTimestamp();
        double milliseconds = worker.RunRepetition();
        if (Machine.BusySeconds() - busy is { } total)
        {
            _measuredSeconds += Stopwatch.GetElapsedTime(start).TotalSeconds;
            _otherSeconds += Math.Max(0, total - (worker.ProcessorSeconds - own));
        }

        return milliseconds;
    }

    private bool[] CheckAgreement(Workload workload, List<WorkerProcess> workers, List<Ready> ready)
    {
        List<Agreement> all = [.. workers.Zip(ready).Skip(1).SelectMany(peer => ready[0].Values.Select(own =>
            Agreement.Of(workload, peer.First.Variant, own.Key, own.Value, peer.Second.Values[own.Key])))];
        _agreements.AddRange(all);
        foreach (Agreement a in all.Where(a => !a.Agrees))
        {
            Log($"{a.Variant} does not count: {a.Value} is {a.Torchsharp:G9}, TinyFlow's {a.Tinyflow:G9}");
        }

        bool[] agrees = [.. workers.Select(w => all.TrueForAll(a => a.Agrees || a.Variant != w.Variant.Name))];
        return agrees.Skip(1).Any(a => a) ? agrees : throw new BenchException(
            "TinyFlow and TorchSharp do not compute the same in any variant, so their times mean nothing; the differences are above.");
    }

    private static void Log(string message) => Console.Error.WriteLine(message);
}
