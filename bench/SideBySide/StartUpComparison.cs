using System.Diagnostics;

namespace Bench;

/// <summary>
/// From the start of a process to the begin and to the end of its first training step, in fresh processes that take turns:
/// both engines' workers, which do nothing else, and <c>tinyflow train</c> itself, watched from outside.
/// </summary>
internal sealed class StartUpComparison(Options options)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    // The program as a user starts it, by the way it was built; bench/run builds them.
    private static readonly (string What, string Variable)[] Programs =
        [("tinyflow train", "BENCH_TINYFLOW"), ("tinyflow train, ReadyToRun", "BENCH_TINYFLOW_R2R"), ("tinyflow train, Native AOT", "BENCH_TINYFLOW_AOT")];

    public IReadOnlyList<Row> Measure(Workload workload)
    {
        Variant[] variants = BenchPreset.Find(workload.Preset).Peer is null ? [Variant.TinyFlow] : [Variant.TinyFlow, Variant.TorchSharpPlain];
        (string What, string Path)[] programs =
        [
            .. Programs.Select(p => (p.What, Path: Environment.GetEnvironmentVariable(p.Variable))).Where(p => p.Path is not null && File.Exists(p.Path)).Select(p => (p.What, p.Path!)),
        ];
        int count = variants.Length + programs.Length;
        List<double>[] began = [.. Enumerable.Range(0, count).Select(_ => new List<double>())], ended = [.. Enumerable.Range(0, count).Select(_ => new List<double>())];
        double[] peaks = new double[count];
        for (int repetition = 0; repetition < options.StartUpRepetitions; repetition++)
        {
            Comparison.Log($"{workload.Preset} start-up: repetition {repetition + 1} of {options.StartUpRepetitions}");
            for (int i = 0; i < count; i++)
            {
                (double begin, double end, peaks[i]) = i < variants.Length ? OfWorker(workload, variants[i]) : OfProgram(workload, programs[i - variants.Length].Path);
                began[i].Add(begin);
                ended[i].Add(end);
            }
        }

        Row Compared(string what, List<double>[] times) => Row.Of(
            workload, what, [.. variants.Select((v, i) => Measurement.Of(v, times[i], peaks[i], agrees: true))], hasThroughput: false);

        // What the program does besides, reading images and checking its model, has no counterpart in TorchSharp.
        Row Alone(string what, int i, List<double>[] times) => Row.Of(workload, what, [Measurement.Of(Variant.TinyFlow, times[i], peaks[i], agrees: true)], hasThroughput: false);

        List<Row> rows = [Compared("start to first step", began), Compared("start to first step done", ended)];
        for (int i = 0; i < programs.Length; i++)
        {
            rows.Add(Alone($"{programs[i].What}: start to first step", variants.Length + i, began));
            rows.Add(Alone($"{programs[i].What}: start to first step done", variants.Length + i, ended));
        }

        return rows;
    }

    private static (double Began, double Ended, double Peak) OfWorker(Workload workload, Variant variant)
    {
        using WorkerProcess worker = new(new Order(variant.Engine, workload, variant.ChannelsLast, 0, true), variant);
        StartUp startUp = worker.Receive(MessageContext.Default.StartUp);
        return ((startUp.Began - worker.Started).TotalMilliseconds, (startUp.Ended - worker.Started).TotalMilliseconds, worker.Finish());
    }

    // The first checkpoint is in place right before the first step; the line of the first step is written right after it.
    private static (double Began, double Ended, double Peak) OfProgram(Workload workload, string path)
    {
        string folder = Directory.CreateTempSubdirectory("bench").FullName, checkpoint = Path.Combine(folder, "run", "checkpoint.safetensors");
        try
        {
            ProcessStartInfo start = new(path, ["train", "--preset", workload.Preset, "--device", "cpu", "--threads", $"{workload.Threads}", "--batch-size", $"{workload.Batch}", "--max-steps", "1", "--out", Path.GetDirectoryName(checkpoint)!])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            double began = double.NaN, ended = double.NaN, peak = 0;
            long clock = Stopwatch.GetTimestamp();
            using Process process = Process.Start(start)!;
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, line) =>
            {
                if (double.IsNaN(ended) && line.Data?.Contains("step     1/", StringComparison.Ordinal) == true)
                {
                    ended = Stopwatch.GetElapsedTime(clock).TotalMilliseconds;
                }
            };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            while (double.IsNaN(began) && !process.HasExited && Stopwatch.GetElapsedTime(clock) < Limit)
            {
                Thread.Sleep(1);
                began = File.Exists(checkpoint) ? Stopwatch.GetElapsedTime(clock).TotalMilliseconds : double.NaN;
            }

            while (double.IsNaN(ended) && !process.HasExited && Stopwatch.GetElapsedTime(clock) < Limit)
            {
                Thread.Sleep(10);
            }

            if (!process.HasExited)
            {
                process.Refresh();
                peak = process.PeakWorkingSet64 / 1048576.0;

                // What follows, validation and pictures, is not measured.
                process.Kill();
                process.WaitForExit();
            }

            return double.IsNaN(began) || double.IsNaN(ended)
                ? throw new BenchException($"{path} train --preset {workload.Preset} did not report its first step within {Limit.TotalSeconds} s.")
                : (began, ended, peak);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
