using TinyFlow.Autograd;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Backends;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Nvp;

[TestClass]
public sealed class FlowModelTests
{
    public static IEnumerable<object[]> PresetNames => Presets.All.Select(preset => new object[] { preset.Name });

    public static IEnumerable<object[]> PresetsAndFloat32Backends => from preset in Presets.All from device in Devices.Float32 select new object[] { preset.Name, device };

    [TestMethod]
    [DynamicData(nameof(PresetNames))]
    public void A_sample_depends_on_its_seed_and_number_alone(string preset) => Devices.Run(Devices.Reference, backend =>
    {
        // As it starts: disturbed weights can drive all images to the ends of the range, where they are equal.
        using FlowModel model = New(preset, backend);
        using Tensor few = model.Sample(3, temperature: 0.7, seed: 5), many = model.Sample(70, temperature: 0.7, seed: 5), other = model.Sample(3, temperature: 0.7, seed: 6);
        CollectionAssert.AreEqual(few.ToDoubles(), many.ToDoubles()[..(int)few.Count]);
        CollectionAssert.AreNotEqual(few.ToDoubles(), other.ToDoubles());
        double[][] images = [.. many.ToDoubles().Chunk((int)model.ImageShape.Count)];

        // Models away from their start draw black images now and then, so some are equal by themselves.
        Assert.IsFalse(images.Skip(64).Zip(images).All(pair => pair.First.SequenceEqual(pair.Second)), "images beyond the first batch repeat those of the first");
    });

    [TestMethod]
    [DynamicData(nameof(PresetsAndFloat32Backends))]
    public void Samples_in_float32_are_those_of_the_specification_whatever_the_batch(string preset, string device) => Devices.Run(device, backend =>
    {
        // Of numbers on [0, 1): far below a level of 1/256.
        const double Tolerance = 1e-4;
        using ReferenceBackend reference = new();
        using FlowModel truth = New(preset, reference), model = New(preset, backend);
        using Tensor expected = truth.Sample(70, temperature: 0.7, seed: 5), many = model.Sample(70, temperature: 0.7, seed: 5), few = model.Sample(3, temperature: 0.7, seed: 5);
        Close.Check(expected.ToDoubles(), many.ToDoubles(), Tolerance, "samples");
        Close.Check(many.ToDoubles()[..(int)few.Count], few.ToDoubles(), Tolerance, "the first, fewer at a time");
    });

    [TestMethod]
    public void Temperature_is_the_standard_deviation_of_the_latent_variables() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = Small("notebook", backend);
        using Tensor cool = model.Sample(2, temperature: 0.5, seed: 5), normal = model.Sample(2, temperature: 1, seed: 5);
        using Tensor a = model.Encode(cool), b = model.Encode(normal);
        Close.Check([.. b.ToDoubles().Select(z => 0.5 * z)], a.ToDoubles(), 1e-10, "z");
    });

    [TestMethod]
    public void Images_of_another_shape_are_refused_with_both_shapes() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = Small("notebook", backend);
        using Tensor x = backend.Zeros([2, 1, 4, 8]);
        OnReference.Throws<ArgumentException>(() => model.BitsPerDim(x), "[2, 1, 8, 8]", "[2, 1, 4, 8]");
    });

    [TestMethod]
    [DynamicData(nameof(PresetNames))]
    public void Evaluation_needs_no_more_memory_for_more_layers(string preset) => Devices.Run(Devices.Reference, backend =>
    {
        long PeakAbove(int layers)
        {
            // A backend of its own, for its peak.
            using ReferenceBackend fresh = new();
            using FlowModel model = Small(preset, fresh, layers);
            using Tensor x = fresh.Uniform([16, 1, 8, 8], new NoiseKey(1, 2));
            long before = fresh.Memory.Live;
            model.BitsPerDim(x);
            return fresh.Memory.Peak - before;
        }

        long few = PeakAbove(2), many = PeakAbove(12);
        Assert.IsLessThan(few + few / 4, many, $"2 layers need {few} bytes, 12 need {many}");
    });

    [TestMethod]
    [DynamicData(nameof(PresetNames))]
    public void A_few_steps_lower_the_loss(string preset) => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = Small(preset, backend);
        using Tensor x = backend.Uniform([8, 1, 8, 8], new NoiseKey(1, 2));
        model.Initialize(x);
        using AdamOptimizer optimizer = new(model.Parameters, learningRate: 1e-2, clipNorm: 100);
        IObjective objective = Objective.Create(ObjectiveKind.Exact, model, l2: 0);
        double Step()
        {
            using Tape tape = new(backend);
            LossTerms loss = objective.Loss(model.Forward(tape.Constant(x), Pass.Training));
            tape.Backward(loss.Loss);
            optimizer.Step();
            return loss.BitsPerDim.Value.Item();
        }

        double first = Step();
        for (int i = 0; i < 20; i++)
        {
            Step();
        }

        Assert.IsLessThan(first - 0.05, Step());
    });

    [TestMethod]
    [DynamicData(nameof(PresetNames))]
    public void Every_objective_has_a_loss_for_every_preset(string preset) => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = Small(preset, backend);
        using Tensor x = backend.Uniform([4, 1, 8, 8], new NoiseKey(1, 2));
        foreach (ObjectiveKind kind in Enum.GetValues<ObjectiveKind>())
        {
            using Tape tape = new(backend);
            LossTerms loss = Objective.Create(kind, model, l2: 1e-3, Presets.Find(preset).Training.Penalty).Loss(model.Forward(tape.Constant(x), Pass.Training));
            Assert.IsTrue(double.IsFinite(loss.Loss.Value.Item()), $"{kind}");
            Assert.IsGreaterThan(0, loss.L2.Value.Item(), $"{kind}");
        }
    });

    /// <summary>A small model of a preset for 8x8 images, as it starts.</summary>
    internal static FlowModel New(string preset, IBackend backend, int layers = 2) => New(Presets.Find(preset).Model, backend, layers);

    /// <summary>A small model for 8x8 images of the same kind as one of given settings.</summary>
    internal static FlowModel New(ModelConfig config, IBackend backend, int layers = 2) =>
        FlowModel.Create(Shrunk(config) with { Layers = layers }, backend, seed: 1);

    /// <summary>A small model of a preset for 8x8 images, away from its start.</summary>
    internal static FlowModel Small(string preset, IBackend backend, int layers = 2)
    {
        FlowModel model = New(preset, backend, layers);
        FlowUnderTest.Disturb(model.Parameters);
        return model;
    }

    // The disturbed weights of a wide net would add up to numbers far from any that training sees.
    private static ModelConfig Shrunk(ModelConfig config) => config with
    {
        Channels = 1,
        Height = 8,
        Width = 8,
        Hidden = 4,
        Blocks = Math.Min(config.Blocks, 1),
        DenseLayers = Math.Min(config.DenseLayers, 2),
        DenseHidden = Math.Min(config.DenseHidden, 4),
    };
}
