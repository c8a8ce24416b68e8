using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Nvp;

namespace TinyFlow.Tests.Training;

[TestClass]
public sealed class StepMemoryTests
{
    [TestMethod]
    [DataRow("notebook", MemoryMode.Stored)]
    [DataRow("notebook", MemoryMode.Reversible)]
    [DataRow("quick", MemoryMode.Stored)]
    [DataRow("paper", MemoryMode.Stored)]
    public void What_a_large_step_needs_is_known_from_small_ones(string preset, MemoryMode memory)
    {
        const int Batch = 96;
        Preset found = Presets.Find(preset);
        ModelConfig config = found.Model with { Layers = 2, Hidden = 8 };
        TrainingConfig training = found.Training with { BatchSize = Batch, MaxSteps = 1, Memory = memory };
        Devices.Run(Devices.Cpu, backend =>
        {
            using FlowModel model = FlowModel.Create(config, backend, seed: 1);
            using Trainer trainer = new(model, training, DataSource.Open(DataSource.Mini));
            StepMemory.Measurement measured = StepMemory.Measure(model, Objective.Create(ObjectiveKind.Exact, model, training.L2, training.Penalty), training)
                ?? throw new AssertFailedException("nothing was measured");
            Assert.IsLessThan(Batch, measured.Images);

            long peak = 0;
            trainer.Run(new StepWatcher(_ => peak = backend.Memory.Peak));

            // Memory comes in eight sizes to each power of two, so that a block may be an eighth larger than what it is for; and what
            // an image costs is the difference of two steps, of which only one may have blocks as large as that.
            Assert.AreEqual(peak, measured.Of(Batch), peak / 4.0);
        });
    }

    [TestMethod]
    public void A_batch_beyond_the_machine_is_refused_before_it_is_taken_and_one_that_is_said_to_fit_does()
    {
        const long Limit = 307 << 20;
        ModelConfig config = Presets.Notebook.Model with { Layers = 2, Hidden = 16 };
        using CpuBackend backend = new(memoryLimit: Limit);
        using FlowModel model = FlowModel.Create(config, backend, seed: 1);
        double[] before = [.. model.Parameters.Export().SelectMany(array => array.Values)];
        DataSource data = DataSource.Open(DataSource.Mini);
        using (Trainer trainer = new(model, Presets.Notebook.Training with { BatchSize = 8000 }, data))
        {
            InsufficientMemoryException exception = Assert.ThrowsExactly<InsufficientMemoryException>(trainer.RequireMemory);
            Assert.MatchesRegex(@"a batch of 8,000 images needs about \d+\.\d GiB of memory, but the machine has 0\.3 GiB\. Use a batch size of at most about \d+, .*memory mode reversible", exception.Message);
            Assert.IsLessThan(Limit / 4, backend.Memory.Peak);
            CollectionAssert.AreEqual(before, model.Parameters.Export().SelectMany(array => array.Values).ToArray(), "parameters or running statistics were changed");
        }

        using Trainer fitting = new(model, Presets.Notebook.Training with { BatchSize = 64, MaxSteps = 1 }, data);
        fitting.RequireMemory();
        Assert.AreEqual(TrainingEnd.Finished, fitting.Run());
    }
}
