using System.Diagnostics;
using TinyFlow;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Training;

namespace Bench.Gpu;

/// <summary>How fast steps are of one kind.</summary>
/// <param name="Milliseconds">A step, the median of what was measured.</param>
/// <param name="FastestMilliseconds">The fastest.</param>
/// <param name="ImagesPerSecond">By the median.</param>
/// <param name="HostBusyShare">The share of the time that this process computed, all threads together, where waiting for the device does not count.</param>
/// <param name="Loss">Of the last step.</param>
internal sealed record StepTime(double Milliseconds, double FastestMilliseconds, double ImagesPerSecond, double HostBusyShare, double Loss);

/// <summary>The training step of a preset.</summary>
/// <param name="Preset">Its name.</param>
/// <param name="Batch">Images of a step.</param>
/// <param name="Precision">What products may be rounded to.</param>
/// <param name="Convolutions">What convolves: cuDNN, or matrix products and why.</param>
/// <param name="Parameters">How many numbers are trained.</param>
/// <param name="Eager">Step by step.</param>
/// <param name="Recorded">As a graph.</param>
/// <param name="Nodes">Of the graph: kernels, those of libraries included, and copies within the device.</param>
/// <param name="NotRecorded">Why there is no graph.</param>
/// <param name="AreSame">Whether both left the same parameters, to the bit.</param>
internal sealed record StepTimes(
    string Preset, int Batch, MatmulPrecision Precision, string Convolutions, long Parameters, StepTime Eager, StepTime? Recorded, long Nodes, string? NotRecorded, bool AreSame);

internal static class Steps
{
    private const int StepsOfEpoch = 32, CheckedSteps = 4;

    /// <summary>Measures both kinds, on images of noise.</summary>
    public static StepTimes Measure(string name, int batch, MatmulPrecision precision, TimeSpan time, int? hidden)
    {
        Preset preset = Presets.Find(name);
        ModelConfig config = hidden is { } channels ? preset.Model with { Hidden = channels } : preset.Model;
        TrainingConfig training = preset.Training with { BatchSize = batch };
        BlockingWaits.Want();
        using CudaBackend backend = new(precision: precision);
        byte[] pixels = new byte[StepsOfEpoch * batch * config.Dimensions];
        new Random(1).NextBytes(pixels);
        ImageSet images = new("noise", config.Channels, config.Height, config.Width, pixels);
        long parameters = 0;
        (StepTime? Time, double[] State, string? Reason) Of(bool records)
        {
            using FlowModel model = FlowModel.Create(config, backend, seed: 1);
            using AdamOptimizer optimizer = new(model.Parameters, training);
            Batches batches = new(images.Count, batch, seed: 1);
            using StepProgram program = new(
                model, training, Objective.Create(training.Objective, model, training.L2, training.Penalty), optimizer, average: null, batches, images, records);
            program.Plan(0, 0, _ => training.LearningRate);
            // The flat tensor of all of them has gaps.
            parameters = model.Parameters.Parameters.Sum(parameter => parameter.Shape.Count);

            // The first steps choose algorithms and record; their outcome is what both kinds must agree in.
            for (int i = 0; i < CheckedSteps; i++)
            {
                _ = program.Run(i, 1).Last();
            }

            double[] state = model.Parameters.Values.ToDoubles();
            return (records && program.NotRecorded is not null ? null : Time(program, batch, time), state, program.NotRecorded);
        }

        (StepTime? eager, double[] expected, _) = Of(records: false);
        (StepTime? recorded, double[] found, string? reason) = Of(records: true);
        return new StepTimes(
            name, batch, precision, backend.ConvolutionMethod, parameters, eager!, recorded, recorded is null ? 0 : backend.RecordedNodes, reason, expected.SequenceEqual(found));
    }

    private static StepTime Time(StepProgram program, int batch, TimeSpan time)
    {
        using Process process = Process.GetCurrentProcess();
        List<double> seconds = [];
        double loss = 0;
        process.Refresh();
        TimeSpan busy = process.TotalProcessorTime;
        long started = Stopwatch.GetTimestamp();
        int count = program.StepsAhead;
        for (int step = 0; seconds.Count == 0 || Stopwatch.GetElapsedTime(started) < time; step = (step + count) % StepsOfEpoch)
        {
            long begin = Stopwatch.GetTimestamp();
            loss = program.Run(step, count).Last().Loss.Loss;
            seconds.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds / count);
        }

        double all = Stopwatch.GetElapsedTime(started).TotalSeconds;
        process.Refresh();
        seconds.Sort();
        double median = seconds[seconds.Count / 2];
        return new StepTime(1e3 * median, 1e3 * seconds[0], batch / median, (process.TotalProcessorTime - busy).TotalSeconds / all, loss);
    }
}
