using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Backends;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Nvp;

[TestClass]
public sealed class ParameterSetTests
{
    private static readonly ModelConfig Tiny = Presets.Notebook.Model with { Height = 4, Width = 4, Layers = 1, Hidden = 3 };

    [TestMethod]
    public void Names_are_those_of_the_published_state_dict()
    {
        using GoldenFile golden = new(GoldenFile.Paths.First(path => Path.GetFileName(path) == "notebook-1.safetensors"));
        Devices.Run(Devices.Reference, backend =>
        {
            using FlowModel model = FlowModel.Create(
                Presets.Notebook.Model with { Layers = golden.Number("layers"), Hidden = golden.Number("hidden") }, backend, seed: 0);
            CollectionAssert.AreEqual(
                golden.Under("init.").Select(array => $"{array.Name} {array.Shape}").ToArray(),
                model.Parameters.State.Select(entry => $"{entry.Name} {entry.Value.Shape}").ToArray());
        });
    }

    [TestMethod]
    public void Parameters_are_aligned_sections_of_one_tensor() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = FlowModel.Create(Tiny, backend, seed: 0);
        double[] flat = model.Parameters.Values.ToDoubles();
        long end = 0;
        foreach (Parameter parameter in model.Parameters.Parameters)
        {
            Assert.AreEqual(0, parameter.Start % ParameterSet.Alignment, parameter.Name);
            Assert.IsGreaterThanOrEqualTo(end, parameter.Start, parameter.Name);
            end = parameter.Start + parameter.Shape.Count;
            CollectionAssert.AreEqual(parameter.Value.ToDoubles(), flat[(int)parameter.Start..(int)end]);
        }

        Assert.AreEqual(27 + 3 + 3 + 3 + 81 + 3 + 3 + 3 + 54 + 2, model.Parameters.Count);
    });

    [TestMethod]
    public void The_gaps_between_parameters_stay_zero_when_the_parameters_change() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = FlowModel.Create(Tiny, backend, seed: 0);
        using AdamOptimizer optimizer = new(model.Parameters, learningRate: 0.1, weightDecay: 0.1, clipNorm: 1);
        foreach (Parameter parameter in model.Parameters.Parameters)
        {
            backend.Fill(parameter.Gradient, 1);
        }

        optimizer.Step();
        double[] flat = model.Parameters.Values.ToDoubles();
        foreach (Parameter parameter in model.Parameters.Parameters)
        {
            Assert.IsFalse(flat.AsSpan((int)parameter.Start, (int)parameter.Shape.Count).Contains(0.0), parameter.Name);
            flat.AsSpan((int)parameter.Start, (int)parameter.Shape.Count).Clear();
        }

        Assert.IsTrue(flat.All(value => value == 0));
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void First_values_depend_on_seed_and_name_alone(string device) => Devices.Run(device, backend =>
    {
        static double[] Values(IBackend backend, ulong seed, params string[] names)
        {
            using ParameterSet set = ParameterSet.Create(backend, seed, root => names.Select(name => root.Parameter(name, [3, 5], Initializers.FanIn(4))).ToArray(), out Parameter[] declared);
            return declared.Single(p => p.Name == "b").Value.ToDoubles();
        }

        using ReferenceBackend reference = new();
        double[] expected = Values(reference, 1, "b");
        CollectionAssert.AreEqual(expected, Values(backend, 1, "a", "b", "c"));
        CollectionAssert.AreNotEqual(expected, Values(backend, 2, "b"));
    });

    [TestMethod]
    public void Convolutions_start_as_in_PyTorch() => Devices.Run(Devices.Reference, backend =>
    {
        // U(−1/√fan_in, 1/√fan_in) for weight and bias; fan_in is 64·3·3 here.
        using FlowModel model = FlowModel.Create(Presets.Notebook.Model, backend, seed: 3);
        double bound = 1 / Math.Sqrt(64 * 9);
        double[] Values(string name) => model.Parameters.Parameters.Single(p => p.Name == $"coupling_layers.0.coupling_net.network.{name}").Value.ToDoubles();
        double[] weight = Values("3.weight"), bias = Values("3.bias");
        Assert.IsTrue(weight.Concat(bias).All(value => Math.Abs(value) <= bound + 1e-9));
        Assert.AreEqual(0, weight.Average(), bound * 0.01);
        Assert.AreEqual(bound * bound / 3, weight.Select(value => value * value).Average(), bound * bound * 0.01);
        Assert.IsTrue(bias.Max() > bound * 0.8 && bias.Min() < -bound * 0.8);
        Assert.IsTrue(Values("6.weight").Concat(Values("6.bias")).Concat(Values("1.bias")).All(value => value == 0));
        Assert.IsTrue(Values("1.weight").All(value => value == 1));
        CollectionAssert.AreNotEqual(weight[..64], Values("0.weight")[..64]);
    });

    [TestMethod]
    public void Loading_reports_every_difference_at_once_and_changes_nothing() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = FlowModel.Create(Tiny, backend, seed: 0);
        List<NamedArray> arrays = [.. model.Parameters.Export().Select(array => array with { Values = [.. array.Values.Select(value => value + 1)] })];
        NamedArray first = arrays[0], second = arrays[1];
        arrays.RemoveRange(0, 2);
        arrays.Add(second with { Shape = [1, 3] });
        arrays.Add(new NamedArray("other.weight", [2], [1, 2]));
        arrays.Add(new NamedArray("third", [1], [1]));
        double[] before = model.Parameters.Values.ToDoubles();
        OnReference.Throws<ArgumentException>(
            () => model.Parameters.Import(arrays),
            "4 differences", $"missing: {first.Name} {first.Shape}", $"{second.Name} is [1, 3] and must be [3]", "unexpected: other.weight [2]", "unexpected: third [1]");
        CollectionAssert.AreEqual(before, model.Parameters.Values.ToDoubles());
    });

    [TestMethod]
    public void Loading_accepts_the_extra_entries_of_a_PyTorch_state_dict() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel one = FlowModel.Create(Tiny, backend, seed: 1), other = FlowModel.Create(Tiny, backend, seed: 2);
        other.Parameters.Import(
        [
            .. one.Parameters.Export(),
            new NamedArray("coupling_layers.0.mask", [1, 1, 4, 4], new double[16]),
            new NamedArray("coupling_layers.0.coupling_net.network.1.num_batches_tracked", [], [7]),
        ]);
        CollectionAssert.AreEqual(one.Parameters.Values.ToDoubles(), other.Parameters.Values.ToDoubles());
    });

    [TestMethod]
    public void A_name_cannot_be_declared_twice() => Devices.Run(Devices.Reference, backend =>
    {
        OnReference.Throws<ArgumentException>(
            () => ParameterSet.Create(backend, 0, root => (root / "a").Parameter("b", [1], Initializers.Zero).Name + (root / "a").Buffer("b", [1], Initializers.Zero).Name, out _),
            "'a.b' is declared twice");
    });

    [TestMethod]
    public void An_optimizer_loaded_from_its_state_continues_bit_for_bit() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = FlowModel.Create(Tiny, backend, seed: 1), copy = FlowModel.Create(Tiny, backend, seed: 2);
        using AdamOptimizer optimizer = new(model.Parameters, Presets.Notebook.Training), restored = new(copy.Parameters, learningRate: 77, 1e-6, 1);
        Step(model.Parameters, optimizer, 1);
        optimizer.SetLearningRate(0.25);
        copy.Parameters.Import(model.Parameters.Export());
        restored.Import(optimizer.Export());
        Step(model.Parameters, optimizer, 2);
        Step(copy.Parameters, restored, 2);
        CollectionAssert.AreEqual(model.Parameters.Values.ToDoubles(), copy.Parameters.Values.ToDoubles());
        CollectionAssert.AreEqual((double[])[0.25, 2, 0], restored.Counters.ToDoubles());
    });

    [TestMethod]
    public void A_gradient_that_is_not_finite_changes_no_parameter() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = FlowModel.Create(Tiny, backend, seed: 1);
        using AdamOptimizer optimizer = new(model.Parameters, Presets.Notebook.Training);
        double[] before = model.Parameters.Values.ToDoubles();
        backend.Fill(model.Parameters.Parameters[3].Gradient, double.NaN);
        optimizer.Step();
        CollectionAssert.AreEqual(before, model.Parameters.Values.ToDoubles());
        CollectionAssert.AreEqual((double[])[5e-4, 0, 1], optimizer.Counters.ToDoubles());
    });

    [TestMethod]
    public void The_learning_rate_falls_every_so_many_epochs()
    {
        TrainingConfig notebook = Presets.Notebook.Training;
        Close.Check([5e-4, 5e-4, 4e-4, 4e-4, 3.2e-4], [.. new[] { 0, 24, 25, 49, 50 }.Select(epoch => LearningRates.At(notebook, epoch, progress: 0.5, step: 0))], 1e-18, "learning rate");
        Assert.AreEqual(0.1, LearningRates.At(new TrainingConfig { LearningRate = 0.1 }, 1000, progress: 0.5, step: 7));
    }

    [TestMethod]
    public void The_learning_rate_falls_along_half_a_cosine_to_zero()
    {
        TrainingConfig cosine = new() { LearningRate = 0.1, Schedule = ScheduleKind.Cosine };
        Close.Check([0.1, 0.05, 0], [.. new[] { 0, 0.5, 1 }.Select(progress => LearningRates.At(cosine, epoch: 3, progress, step: 100))], 1e-17, "learning rate");
    }

    [TestMethod]
    public void The_learning_rate_rises_over_the_first_steps()
    {
        TrainingConfig warm = new() { LearningRate = 0.1, WarmUpSteps = 4 };
        Close.Check([0.025, 0.05, 0.075, 0.1, 0.1], [.. new[] { 0, 1, 2, 3, 4 }.Select(step => LearningRates.At(warm, epoch: 0, progress: 0, step))], 1e-16, "learning rate");
    }

    [TestMethod]
    public void The_settings_choose_between_Adam_and_Adamax() => Devices.Run(Devices.Reference, backend =>
    {
        // After gradients of 1 and then 0.1, Adam divides by √(v/(1 − β₂²)), Adamax by the larger of 0.999 and 0.1.
        const double Rate = 0.01, First = (0.9 * 0.1 + 0.1 * 0.1) / (1 - 0.81);
        double LastMove(OptimizerKind kind)
        {
            using ParameterSet set = ParameterSet.Create(backend, 0, root => root.Parameter("p", [1], Initializers.Zero), out Parameter p);
            using AdamOptimizer optimizer = new(set, new TrainingConfig { LearningRate = Rate, Optimizer = kind });
            backend.Fill(p.Gradient, 1);
            optimizer.Step();
            double before = p.Value.Item();
            backend.Fill(p.Gradient, 0.1);
            optimizer.Step();
            return p.Value.Item() - before;
        }

        double secondMoment = (0.999 * 0.001 + 0.001 * 0.01) / (1 - 0.999 * 0.999);
        Assert.AreEqual(-Rate * First / Math.Sqrt(secondMoment), LastMove(OptimizerKind.Adam), 1e-9);
        Assert.AreEqual(-Rate * First / 0.999, LastMove(OptimizerKind.Adamax), 1e-9);
    });

    [TestMethod]
    public void The_published_flows_start_as_published() => Devices.Run(Devices.Reference, backend =>
    {
        // B. Keng's couplings start as the identity: factors of s and t, and the bias of t, at 0.
        using FlowModel keng = FlowModel.Create(Presets.Bjlkeng.Model with { Hidden = 4, Layers = 6, FinalLayers = 1 }, backend, seed: 3);
        Parameter[] factors = [.. keng.Parameters.Parameters.Where(p => p.Name.Split('.')[0] is "s_scale" or "t_scale" or "t_bias")];
        Assert.HasCount(3 * 7, factors);
        Assert.IsTrue(factors.All(factor => factor.Value.ToDoubles().All(value => value == 0)));

        // The port's rescaling starts as weight norm leaves it, at 1, and its last convolutions are not zero.
        using FlowModel paper = FlowModel.Create(Presets.Paper.Model with { Hidden = 4, Blocks = 1 }, backend, seed: 3);
        Parameter[] rescales = [.. paper.Parameters.Parameters.Where(p => p.Name.Contains("rescale", StringComparison.Ordinal))];
        Assert.IsNotEmpty(rescales);
        Assert.IsTrue(rescales.All(rescale => rescale.Value.ToDoubles().All(value => value == 1)));
        Parameter[] last = [.. paper.Parameters.Parameters.Where(p => p.Name.EndsWith("out_conv.conv.weight_v", StringComparison.Ordinal))];
        Assert.IsNotEmpty(last);
        Assert.IsTrue(last.All(weight => weight.Value.ToDoubles().All(value => value != 0)));
    });

    [TestMethod]
    public void The_cosine_may_begin_at_a_later_share_of_the_run()
    {
        TrainingConfig cosine = new() { LearningRate = 0.1, Schedule = ScheduleKind.Cosine, CosineFrom = 0.6 };
        Close.Check([0.1, 0.1, 0.1, 0.05, 0], [.. new[] { 0, 0.3, 0.6, 0.8, 1 }.Select(progress => LearningRates.At(cosine, epoch: 3, progress, step: 100))], 1e-16, "learning rate");
    }

    private static void Step(ParameterSet parameters, AdamOptimizer optimizer, ulong stream)
    {
        foreach (Parameter parameter in parameters.Parameters)
        {
            parameters.Backend.Normal(new NoiseKey(stream, 1), parameter.Gradient);
        }

        optimizer.Step();
    }
}
