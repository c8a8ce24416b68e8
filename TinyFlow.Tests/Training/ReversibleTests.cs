using TinyFlow.Autograd;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Nvp;

namespace TinyFlow.Tests.Training;

/// <summary>Reversible training against stored activations: the same loss, gradients and running statistics, in less memory.</summary>
[TestClass]
public sealed class ReversibleTests
{
    public static IEnumerable<object[]> Cases => Presets.All
        .Select(preset => preset.Name)
        .SelectMany(preset => Devices.Names.Select(device => new object[] { preset, device }));

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Gradients_and_statistics_are_those_of_stored_activations(string preset, string device) => Devices.Run(device, backend =>
    {
        // The inverse is exact up to rounding, which each step hands on to the one before it: in float32 1e-5 at most was found.
        // A ReLU whose input comes to lie on the other side of 0 would move gradients by some 1e-4.
        double tolerance = device == Devices.Reference ? 1e-8 : 1e-3;
        // With the gradient of the images, behind those of the parameters.
        (LossValues stored, double[] gradient, double[] buffers) = Step(preset, backend, MemoryMode.Stored);
        (LossValues rebuilt, double[] again, double[] buffersAgain) = Step(preset, backend, MemoryMode.Reversible);

        Assert.AreEqual(stored, rebuilt);
        CollectionAssert.AreEqual(buffers, buffersAgain);
        double norm = Math.Sqrt(gradient.Sum(g => g * g)), difference = Math.Sqrt(gradient.Zip(again, (a, b) => (a - b) * (a - b)).Sum());
        Assert.IsGreaterThan(1e-3, norm);
        Assert.IsLessThan(tolerance * norm, difference, $"of a gradient of norm {norm}");
    });

    public static IEnumerable<object[]> Growing =>
    [
        // What grows is a parameter's gradients and moments, a few kilobytes a coupling, and an image for each coupling of the noise.
        ["notebook, 2 and 16 couplings", Presets.Notebook.Model with { Layers = 2, Hidden = 16 }, Presets.Notebook.Model with { Layers = 16, Hidden = 16 }, 1.1],
        ["mixture, 2 and 12 couplings a scale", Mixture(2, 0), Mixture(12, 0), 1.2],
        ["mixture, 2 and 16 couplings of the noise", Mixture(1, 2), Mixture(1, 16), 1.2],
    ];

    [TestMethod]
    [DynamicData(nameof(Growing))]
    public void Memory_does_not_grow_with_the_number_of_couplings(string what, ModelConfig small, ModelConfig large, double growth)
    {
        long Peak(ModelConfig config, MemoryMode memory)
        {
            using CpuBackend own = new(threads: 1);
            using FlowModel model = FlowModel.Create(config, own, seed: 1);
            using Trainer trainer = new(model, Presets.Notebook.Training with { BatchSize = 16, MaxSteps = 1, Memory = memory }, DataSource.Open(DataSource.Mini));
            long before = own.Memory.Live, peak = 0;
            trainer.Run(new StepWatcher(_ => peak = own.Memory.Peak - before));
            return peak;
        }

        long few = Peak(small, MemoryMode.Reversible), many = Peak(large, MemoryMode.Reversible), stored = Peak(large, MemoryMode.Stored);

        Assert.IsLessThan(few * growth, many, $"{what}: {few} and {many} bytes");
        Assert.IsLessThan(stored * 0.3, many, $"{what}: stored {stored}, reversible {many} bytes");
    }

    private static ModelConfig Mixture(int layers, int noiseLayers) =>
        Presets.Mixture.Model with { Layers = layers, NoiseLayers = noiseLayers, Hidden = 16, Blocks = 1, Components = 2 };

    private static (LossValues Loss, double[] Gradient, double[] Buffers) Step(string preset, IBackend backend, MemoryMode memory)
    {
        // An L2 term sends gradients to the parameters past the flow.
        const double L2 = 1e-3;
        using FlowModel model = FlowModelTests.Small(preset, backend);
        using Tensor x = backend.Uniform([3, 1, 8, 8], new NoiseKey(1, 2));
        model.Initialize(x);
        using Tape tape = new(backend);
        Var batch = tape.Input(x);
        LossTerms terms = Objective.Create(ObjectiveKind.Exact, model, L2).Loss(model.ForwardInTraining(batch, memory));
        tape.Backward(terms.Loss);
        return (LossValues.Of(terms), [.. model.Parameters.Gradients.ToDoubles(), .. batch.Gradient!.ToDoubles()], [.. model.Parameters.Buffers.SelectMany(buffer => buffer.Value.ToDoubles())]);
    }
}
