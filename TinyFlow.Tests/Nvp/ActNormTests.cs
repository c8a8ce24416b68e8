using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Ops;
using TinyFlow.Tests.Training;

namespace TinyFlow.Tests.Nvp;

[TestClass]
public sealed class ActNormTests
{
    private static readonly ModelConfig Tiny = Presets.Affine.Model with { DenseLayers = 2, DenseHidden = 3, Height = 8, Width = 8, Layers = 2, Hidden = 3 };

    [TestMethod]
    public void The_first_batch_comes_out_with_mean_0_and_variance_1() => Devices.Run(Devices.Reference, backend =>
    {
        using ParameterSet parameters = ParameterSet.Create(backend, 0, root => new ActNorm(root, 3), out ActNorm layer);
        using Tensor x = Batch(backend, 1, [4, 3, 2, 5]);
        using Tape tape = new(backend, recording: false);
        layer.Initialize(tape.Constant(x));
        Var y = layer.Forward(tape.Constant(x), Pass.Training).Y;
        Close.Check([0, 0, 0], y.MeanOver(0, 2, 3).Value.ToDoubles(), 1e-12, "mean");
        Close.Check([1, 1, 1], y.VarianceOver(0, 2, 3).Value.ToDoubles(), 1e-4, "variance");
    });

    [TestMethod]
    [DataRow(1, 1, 1)]
    [DataRow(4, 1, 1)]
    [DataRow(3, 2, 6)]
    public void A_channel_that_does_not_vary_gets_a_scale_of_the_root_of_its_values_at_most(int images, int height, int width) => Devices.Run(Devices.Reference, backend =>
    {
        using ParameterSet parameters = ParameterSet.Create(backend, 0, root => new ActNorm(root, 2), out ActNorm layer);
        using Tensor x = backend.Zeros([images, 2, height, width]);
        backend.Fill(x, 0.7);
        using Tape tape = new(backend, recording: false);
        layer.Initialize(tape.Constant(x));
        double[] logScale = parameters.Parameters.Single(parameter => parameter.Name == "log_scale").Value.ToDoubles();
        Close.Check([Math.Log(images * height * width) / 2, Math.Log(images * height * width) / 2], logScale, 1e-9, "log_scale");
        Close.Check(new double[x.Shape.Count], layer.Forward(tape.Constant(x), Pass.Training).Y.Value.ToDoubles(), 1e-9, "y");
    });

    [TestMethod]
    [DataRow("quick")]
    [DataRow("affine")]
    public void A_single_training_image_gives_figures_that_make_sense(string preset) => Devices.Run(Devices.Cpu, backend =>
    {
        ImageSet two = DataSource.Open(DataSource.Mini).Published.Slice(0, 2, "two");
        Preset found = Presets.Find(preset);
        using FlowModel model = FlowModel.Create(found.Model with { Layers = 2, Hidden = 4, DenseLayers = 2, DenseHidden = 8 }, backend, seed: 0);
        using Trainer trainer = new(model, found.Training with { BatchSize = 1, MaxSteps = 5 }, new DataSource("two", two, () => two));

        // A uniform density costs 8; another digit than the one that it knows is dear, but no more than a few times that.
        trainer.Run(new StepWatcher(step => Assert.IsInRange(0, 8, step.Loss.BitsPerDim), onEpoch: epoch => Assert.IsInRange(0, 40, epoch.Validation!.BitsPerDim)));
    });

    [TestMethod]
    public void Initialization_happens_once() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = FlowModel.Create(Tiny, backend, seed: 0);
        using Tensor first = Batch(backend, 1, [4, 1, 8, 8]), second = Batch(backend, 2, [4, 1, 8, 8]);
        double[] untouched = model.Parameters.Values.ToDoubles();
        model.Initialize(first);
        double[] initialized = model.Parameters.Values.ToDoubles();
        CollectionAssert.AreNotEqual(untouched, initialized);
        model.Initialize(second);
        CollectionAssert.AreEqual(initialized, model.Parameters.Values.ToDoubles());
    });

    [TestMethod]
    public void A_loaded_model_is_never_initialized_again() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = FlowModel.Create(Tiny, backend, seed: 0), loaded = FlowModel.Create(Tiny, backend, seed: 1);
        using Tensor first = Batch(backend, 1, [4, 1, 8, 8]), second = Batch(backend, 2, [4, 1, 8, 8]);
        model.Initialize(first);
        loaded.Parameters.Import(model.Parameters.Export());
        loaded.Initialize(second);
        CollectionAssert.AreEqual(model.Parameters.Values.ToDoubles(), loaded.Parameters.Values.ToDoubles());
    });

    [TestMethod]
    public void Each_layer_of_a_chain_is_initialized_behind_the_ones_before_it() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = FlowModel.Create(Tiny, backend, seed: 0);
        using Tensor x = Batch(backend, 1, [16, 1, 8, 8]);
        model.Initialize(x);

        // Couplings start as the identity and the rotation behind the last ActNorm keeps the sum of the variances.
        using Tape tape = new(backend, recording: false);
        Var z = model.Forward(tape.Constant(x), Pass.Evaluation).Z;
        Close.Check(new double[16], z.MeanOver(0, 2, 3).Value.ToDoubles(), 1e-6, "mean");
        Assert.AreEqual(16, z.VarianceOver(0, 2, 3).Value.ToDoubles().Sum(), 1e-3);
    });

    [TestMethod]
    public void A_flow_wants_data_only_while_a_layer_of_it_has_not_started() => Devices.Run(Devices.Reference, backend =>
    {
        Assert.IsTrue(new Chain(new Squeeze(), new FactorOut([4, 4, 4], new Chain(), FactorOutLayout.InPlace)).IsInitialized);
        using ParameterSet parameters = ParameterSet.Create(
            backend, 0, root => new Chain(new Squeeze(), new FactorOut([4, 4, 4], new Chain(new ActNorm(root, 2)), FactorOutLayout.InPlace)), out Chain chain);
        Assert.IsFalse(chain.IsInitialized);
        using Tensor x = Batch(backend, 1, [4, 1, 8, 8]);
        using Tape tape = new(backend, recording: false);
        chain.Initialize(tape.Constant(x));
        Assert.IsTrue(chain.IsInitialized);
    });

    private static Tensor Batch(IBackend backend, ulong seed, Shape shape) => backend.Uniform(shape, new NoiseKey(seed, 0));
}
