namespace Bench;

/// <summary>
/// Measures workloads in all variants side by side. Each variant is a resident process; they take turns, one
/// repetition each, so that whatever slows the machine for a while slows all of them alike.
/// </summary>
internal sealed class Comparison(Options options, LoadMeter load)
{
    /// <summary>The pause before each repetition: libtorch's and our idle threads spin for some milliseconds, then sleep.</summary>
    public const int SettleMilliseconds = 50;

    private readonly List<Agreement> _agreements = [];

    /// <summary>What both engines computed, as far as workloads have been measured.</summary>
    public IReadOnlyList<Agreement> Agreements => _agreements;

    /// <summary>One line of the table.</summary>
    /// <exception cref="BenchException">The engines do not compute the same, or a worker failed.</exception>
    public Row Measure(Workload workload)
    {
        BenchPreset preset = BenchPreset.Find(workload.Preset);
        IReadOnlyList<Variant> peers = preset.Peer is null ? [] : preset.IsLarge || options.IsQuick ? [Variant.TorchSharpFastest] : Variant.TorchSharp;
        string what = $"{workload.Preset} {workload.Name()}, batch {workload.Batch}";
        List<Order> orders = [new Order(Engine.TinyFlow, workload, false, options.WarmUpSeconds, false)];
        orders.AddRange(peers.Select(peer => new Order(Engine.TorchSharp, workload, peer.ChannelsLast, options.WarmUpSeconds, false)));
        bool[] agrees = [];
        List<(List<double> Times, double Peak)> found = Alternate(what, orders, [Variant.TinyFlow, .. peers], (workers, ready) => agrees = CheckAgreement(workload, workers, ready));
        return Row.Of(workload, workload.Name(), [.. found.Select((f, i) => Measurement.Of(i == 0 ? Variant.TinyFlow : peers[i - 1], f.Times, f.Peak, agrees[i]))], hasThroughput: true);
    }

    /// <summary>One thread against all of them, in both engines.</summary>
    public Scaling MeasureScaling(Workload workload, Ceilings ceilings)
    {
        bool hasPeer = !options.IsQuick && BenchPreset.Find(workload.Preset).Peer is not null;
        Variant[] variants = hasPeer ? [Variant.TinyFlow, Variant.TinyFlow, Variant.TorchSharpFastest, Variant.TorchSharpFastest] : [Variant.TinyFlow, Variant.TinyFlow];
        Order[] orders = [.. variants.Select((v, i) => new Order(
            v.Engine, i % 2 == 0 ? workload with { Threads = 1 } : workload, v.ChannelsLast, options.WarmUpSeconds, false))];
        double[] medians = [.. Alternate($"{workload.Preset} {workload.Name()} on 1 and {workload.Threads} threads", orders, variants, (_, _) => { }).Select(f => Numbers.Median(f.Times))];
        double? Over(int one) => one < medians.Length ? Math.Round(medians[one] / medians[one + 1], 3) : null;
        return new Scaling(
            workload.Preset, workload.Name(), workload.Batch, workload.Threads, Math.Round(medians[0], 3), Math.Round(medians[1], 3), Over(0)!.Value, Over(2),
            Math.Round(ceilings.FmaGflops / ceilings.FmaGflopsOneThread, 3), Math.Round(ceilings.TriadGbPerS / ceilings.TriadGbPerSOneThread, 3));
    }

    // The times of a step and the peak memory of each worker.
    private List<(List<double> Times, double Peak)> Alternate(
        string what, IReadOnlyList<Order> orders, IReadOnlyList<Variant> variants, Action<List<WorkerProcess>, List<Ready>> check)
    {
        Log($"{what}: starting and warming up");
        List<WorkerProcess> workers = [];
        try
        {
            List<Ready> ready = [];
            for (int i = 0; i < orders.Count; i++)
            {
                // One after the other: a worker that warms up must not disturb another one's warm-up.
                workers.Add(new WorkerProcess(orders[i], variants[i]));
                ready.Add(workers[^1].Receive(MessageContext.Default.Ready));
            }

            check(workers, ready);
            int repetitions = options.RepetitionsOf(ready.Sum(r => r.StepMilliseconds) / 1000);
            List<double>[] times = [.. workers.Select(_ => new List<double>())];
            for (int repetition = 0; repetition < repetitions; repetition++)
            {
                Log($"{what}: repetition {repetition + 1} of {repetitions}");
                for (int i = 0; i < workers.Count; i++)
                {
                    Thread.Sleep(SettleMilliseconds);
                    WorkerProcess worker = workers[i];
                    times[i].Add(load.Measure(worker, () => worker.Ask(Worker.RunCommand, MessageContext.Default.Repetition)).Milliseconds);
                }
            }

            return [.. workers.Select((w, i) => (times[i], w.Finish()))];
        }
        finally
        {
            workers.ForEach(w => w.Dispose());
        }
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
        return workers.Count == 1 || agrees.Skip(1).Any(a => a) ? agrees : throw new BenchException(
            $"{workload.Preset}: TinyFlow and TorchSharp do not compute the same in any variant, so their times mean nothing; the differences are above.");
    }

    public static void Log(string message) => Console.Error.WriteLine(message);
}
