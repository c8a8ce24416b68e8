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
        // The inverse is exact up to rounding, which each step hands on to the one before it.
        double tolerance = device == Devices.Reference ? 1e-8 : 2e-2;
        (LossValues stored, double[] gradient, double[] buffers) = Step(preset, backend, MemoryMode.Stored);
        (LossValues rebuilt, double[] again, double[] buffersAgain) = Step(preset, backend, MemoryMode.Reversible);

        Assert.AreEqual(stored, rebuilt);
        CollectionAssert.AreEqual(buffers, buffersAgain);
        double norm = Math.Sqrt(gradient.Sum(g => g * g)), difference = Math.Sqrt(gradient.Zip(again, (a, b) => (a - b) * (a - b)).Sum());
        Assert.IsGreaterThan(1e-3, norm);
        Assert.IsLessThan(tolerance * norm, difference, $"of a gradient of norm {norm}");
    });

    [TestMethod]
    public void Memory_does_not_grow_with_the_number_of_couplings()
    {
        ModelConfig Notebook(int layers) => Presets.Notebook.Model with { Layers = layers, Hidden = 16 };
        long Peak(int layers, MemoryMode memory)
        {
            using CpuBackend own = new(threads: 1);
            using FlowModel model = FlowModel.Create(Notebook(layers), own, seed: 1);
            using Trainer trainer = new(model, Presets.Notebook.Training with { BatchSize = 16, MaxSteps = 1, Memory = memory }, DataSource.Open(DataSource.Mini));
            long before = own.Memory.Live, peak = 0;
            trainer.Run(new StepWatcher(_ => peak = own.Memory.Peak - before));
            return peak;
        }

        long few = Peak(2, MemoryMode.Reversible), many = Peak(16, MemoryMode.Reversible), stored = Peak(16, MemoryMode.Stored);

        // What grows is a parameter's gradients and moments, a few kilobytes a coupling.
        Assert.IsLessThan(few * 1.1, many, $"2 couplings {few}, 16 couplings {many} bytes");
        Assert.IsLessThan(stored * 0.3, many, $"stored {stored}, reversible {many} bytes");
    }

    private static (LossValues Loss, double[] Gradient, double[] Buffers) Step(string preset, IBackend backend, MemoryMode memory)
    {
        // An L2 term sends gradients to the parameters past the flow.
        const double L2 = 1e-3;
        using FlowModel model = FlowModelTests.Small(preset, backend);
        using Tensor x = backend.Uniform([3, 1, 8, 8], new NoiseKey(1, 2));
        model.Initialize(x);
        using Tape tape = new(backend);
        Var batch = tape.Constant(x);
        LossTerms terms = Objective.Create(ObjectiveKind.Exact, model, L2).Loss(model.ForwardInTraining(batch, memory));
        tape.Backward(terms.Loss);
        return (LossValues.Of(terms), model.Parameters.Gradients.ToDoubles(), [.. model.Parameters.Buffers.SelectMany(buffer => buffer.Value.ToDoubles())]);
    }
}
