using TinyFlow.Autograd;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Tests.Nvp;

/// <summary>
/// What the CPU backend does with the activations within networks, which are most of what a step moves and holds: they stay
/// channels last, and those behind a normalization are not kept.
/// </summary>
[TestClass]
public sealed class HiddenActivationTests
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

    [TestMethod]
    public void A_hidden_activation_that_is_held_plainly_would_be_seen()
    {
        using CpuBackend backend = new() { Conversions = [] };
        using Tensor plain = backend.Normal([2, 24, 7, 7], new NoiseKey(1, 1)), weight = backend.Normal([24, 24, 3, 3], new NoiseKey(1, 2)), y = backend.Allocate(plain.Shape);
        using Tensor flat = y.Reshape([2, 24 * 49]), sums = backend.Allocate([2, 1]);
        backend.Conv2D(plain, weight, null, y, new ConvolutionWindow(1, 1));
        CollectionAssert.AreEqual(((int, int)[])[(24, 49)], backend.Conversions.ToArray());

        // Its result is held channels last, until somebody asks for plain order.
        backend.Conversions.Clear();
        backend.Conv2D(y, weight, null, plain, new ConvolutionWindow(1, 1));
        Assert.IsEmpty(backend.Conversions);
        backend.Sum(flat, 1, sums);
        Assert.HasCount(1, backend.Conversions);
    }

    [TestMethod]
    [DataRow(28, 0)]
    [DataRow(26, 2)] // Parts of tiles.
    public void A_conditioner_of_the_notebook_reads_no_activation_for_its_statistics_alone(int size, int passes)
    {
        using CpuBackend backend = new(threads: 2);
        using ParameterSet parameters = ParameterSet.Create(backend, seed: 0, root => NotebookNet.Create(root, 1, hidden: 64), out INet net);
        using Tensor images = backend.Normal([2, 1, size, size], new NoiseKey(1, 1));
        using Tape tape = new(backend);
        net.Forward(tape.Constant(images), Pass.Training);
        Assert.AreEqual(passes, backend.StatisticsPasses);
    }

    [TestMethod]
    public void A_residual_block_of_the_paper_reads_its_input_alone_for_its_statistics()
    {
        using CpuBackend backend = new(threads: 2);
        using ParameterSet parameters = ParameterSet.Create(backend, seed: 0, root => new PaperBlock(root, 32), out INet net);
        using Tensor images = backend.Normal([2, 1, 28, 28], new NoiseKey(1, 1)), weight = backend.Ones([32, 1, 1, 1]), input = backend.Allocate([2, 32, 28, 28]);
        backend.Conv2D(images, weight, null, input, new ConvolutionWindow(1));
        using Tape tape = new(backend);
        net.Forward(tape.Constant(input), Pass.Training);
        Assert.AreEqual(1, backend.StatisticsPasses);
    }

    [TestMethod]
    public void A_conditioner_of_the_notebook_keeps_its_two_unnormalized_activations() =>
        AssertKept(2, root => NotebookNet.Create(root, 1, hidden: 32), inputs: 1);

    [TestMethod]
    public void A_residual_block_of_bjlkeng_keeps_three_activations() => AssertKept(3, root => new KengBlock(root, 32), inputs: 32);

    [TestMethod]
    public void A_residual_block_of_the_paper_keeps_three_activations() => AssertKept(3, root => new PaperBlock(root, 32), inputs: 32);

    private static void AssertKept(int activations, Func<ParameterScope, INet> build, int inputs)
    {
        using CpuBackend backend = new(threads: 2);
        using ParameterSet parameters = ParameterSet.Create(backend, seed: 0, build, out INet net);
        using Tensor input = backend.Normal([4, inputs, 28, 28], new NoiseKey(1, 1));
        using Tape tape = new(backend);
        Var x = tape.Constant(input);
        long before = backend.Memory.Live;
        net.Forward(x, Pass.Training);
        double kept = (backend.Memory.Live - before) / (4.0 * 32 * 28 * 28 * sizeof(float));

        // Half an activation is for a thin result, statistics and weights.
        Assert.IsLessThan(activations + 0.5, kept, "hidden activations");
    }
}
