using TinyFlow;
using TinyFlow.Autograd;
using TinyFlow.Cuda.Convolutions;
using TinyFlow.Cuda.Native;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;

namespace Bench.Gpu;

/// <summary>What cuDNN has for a pass of a convolution: its algorithms, as it timed them itself.</summary>
internal sealed record PassAlgorithms(string Shape, string Pass, int? Chosen, string? ChosenMath, IReadOnlyList<AlgorithmTime> Algorithms);

/// <summary>An algorithm that cuDNN tried.</summary>
internal sealed record AlgorithmTime(int Algorithm, string Status, double Milliseconds, double GigaflopPerSecond, long WorkspaceBytes, bool IsDeterministic, string Math);

/// <summary>The convolutions of a preset.</summary>
internal sealed record PresetConvolutions(string Preset, int Batch, MatmulPrecision Precision, string By, IReadOnlyList<PassAlgorithms> Passes);

internal static class Convolutions
{
    /// <summary>Does one training step of a preset, and tells what cuDNN said of each convolution that it met.</summary>
    public static PresetConvolutions Measure(string name, int batch, MatmulPrecision precision, int? hidden)
    {
        Preset preset = Presets.Find(name);
        ModelConfig config = hidden is { } channels ? preset.Model with { Hidden = channels } : preset.Model;
        using CudaBackend backend = new(precision: precision);
        List<PassAlgorithms> passes = [];
        backend.ConvolutionTimed = (geometry, pass, chosen, performances) => passes.Add(new PassAlgorithms(
            $"{geometry.KernelHeight}x{geometry.KernelWidth} {geometry.InputChannels}→{geometry.OutputChannels}, {geometry.InputHeight}x{geometry.InputWidth}, batch {geometry.Images}",
            pass, chosen == CudnnChoice.Refused ? null : chosen.Algorithm, chosen == CudnnChoice.Refused ? null : $"{chosen.Math}",
            [.. performances.Select(performance => Describe(geometry, performance))]));
        using FlowModel model = FlowModel.Create(config, backend, seed: 1);
        using Tensor x = backend.Uniform([batch, config.Channels, config.Height, config.Width], new NoiseKey(1, 1));
        using (Tape tape = new(backend))
        {
            tape.Backward(Objective.Create(preset.Training.Objective, model, preset.Training.L2, preset.Training.Penalty)
                .Loss(model.Forward(tape.Constant(x), Pass.Training)).Loss);
        }

        return new PresetConvolutions(name, batch, precision, backend.ConvolutionMethod, passes);
    }

    private static AlgorithmTime Describe(ConvolutionGeometry geometry, CudnnAlgorithmPerformance performance)
    {
        double gigaflop = 2e-9 * geometry.Images * geometry.OutputChannels * geometry.OutputHeight * geometry.OutputWidth
            * geometry.InputChannels * geometry.KernelHeight * geometry.KernelWidth;
        return new AlgorithmTime(
            performance.Algorithm, $"{performance.Status}", performance.Time, performance.Time > 0 ? gigaflop / (performance.Time / 1e3) : 0, (long)performance.Memory,
            performance.Determinism == CudnnDeterminism.Deterministic, $"{performance.Math}");
    }
}
