using TinyFlow.Autograd;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;

namespace TinyFlow.Tests.Nvp;

/// <summary>Hidden activations stay channels last: only a flow's own few channels are put into another layout.</summary>
[TestClass]
public sealed class ConversionTests
{
    public static IEnumerable<object[]> Names => Presets.All.Select(preset => new object[] { preset.Name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void A_step_converts_no_hidden_activation(string name)
    {
        Preset preset = Presets.Find(name);
        using CpuBackend backend = new(threads: 2) { Conversions = [] };
        using FlowModel model = FlowModel.Create(preset.Model, backend, seed: 1);
        ModelConfig config = preset.Model;
        using Tensor x = backend.Uniform([2, config.Channels, config.Height, config.Width], new NoiseKey(1, 1));
        model.Initialize(x);
        IObjective objective = Objective.Create(preset.Training.Objective, model, preset.Training.L2);
        using (Tape tape = new(backend))
        {
            tape.Backward(objective.Loss(model.Forward(tape.Constant(x), Pass.Training)).Loss);
        }

        using (Tape tape = new(backend, recording: false))
        {
            model.LogProb(tape.Constant(x));
        }

        // A network's input and output have the flow's own values, once and twice.
        int own = 2 * config.Channels * config.Height * config.Width;
        foreach ((int channels, int pixels) in backend.Conversions)
        {
            Assert.IsFalse(channels >= config.Hidden && channels * pixels > own, $"images of {channels} channels and {pixels} pixels were put into another layout");
        }
    }
}
