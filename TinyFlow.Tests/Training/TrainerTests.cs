using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Nvp;

namespace TinyFlow.Tests.Training;

[TestClass]
public sealed class TrainerTests
{
    private static readonly ModelConfig Quick = Presets.Quick.Model with { Layers = 1, Hidden = 4, DenseLayers = 2, DenseHidden = 4 };
    private static readonly ModelConfig Notebook = Presets.Notebook.Model with { Layers = 1, Hidden = 4 };

    [TestMethod]
    public void A_loss_that_is_not_finite_changes_neither_parameters_nor_running_statistics() => Devices.Run(Devices.Cpu, backend =>
    {
        using FlowModel model = FlowModel.Create(Notebook, backend, seed: 1);
        using Trainer trainer = new(model, Presets.Notebook.Training with { MaxSteps = 5 }, DataSource.Open(DataSource.Mini));
        backend.Fill(model.Parameters.Parameters[0].Value, double.PositiveInfinity);
        IReadOnlyList<NamedArray> before = model.Parameters.Export();

        NonFiniteException exception = Assert.ThrowsExactly<NonFiniteException>(() => trainer.Run(new StepWatcher()));

        Assert.Contains("step 1", exception.Message);
        Assert.AreEqual(0L, trainer.Step);
        foreach ((NamedArray old, NamedArray now) in before.Zip(model.Parameters.Export()))
        {
            CollectionAssert.AreEqual(old.Values, now.Values, old.Name);
        }
    });

    [TestMethod]
    public void Quick_resumes_bit_for_bit_under_its_own_schedule() => Devices.Run(Devices.Cpu, backend =>
    {
        TrainingConfig training = Presets.Quick.Training with { BatchSize = 16 };
        DataSource data = DataSource.Open(DataSource.Mini);
        double[] Train(params long[] stops)
        {
            TinyFlow.Nvp.Checkpoints.Checkpoint? saved = null;
            double[] values = [];
            foreach (long stop in stops)
            {
                using FlowModel model = FlowModel.Create(Quick, backend, training.Seed);
                using Trainer trainer = new(model, training with { MaxSteps = stop }, data);
                if (saved is not null)
                {
                    trainer.Resume(saved);
                }

                Assert.AreEqual(TrainingEnd.Finished, trainer.Run(new StepWatcher()));
                saved = trainer.Save("{}");
                values = [.. model.Parameters.Export().SelectMany(array => array.Values)];
            }

            return values;
        }

        CollectionAssert.AreEqual(Train(5), Train(2, 5));
    });

    [TestMethod]
    [DataRow("quick")]
    [DataRow("notebook")]
    public void A_warm_step_takes_nothing_from_the_system_and_no_managed_memory_that_grows_with_the_batch(string preset) => Devices.Run(Devices.Cpu, backend =>
    {
        const int Warm = 4, Steps = 10;
        DataSource data = DataSource.Open(DataSource.Mini);
        long ManagedInAStep(int batch)
        {
            using FlowModel model = FlowModel.Create(preset == "quick" ? Quick : Notebook, backend, seed: 1);
            using Trainer trainer = new(model, Presets.Find(preset).Training with { BatchSize = batch, MaxSteps = Steps }, data);
            long systemWhenWarm = 0, before = 0, least = long.MaxValue;
            trainer.Run(new StepWatcher(step =>
            {
                long now = GC.GetAllocatedBytesForCurrentThread();
                if (step.Step <= Warm)
                {
                    systemWhenWarm = backend.Memory.SystemAllocations;
                }
                else
                {
                    // The least of some steps: the runtime allocates too, once in a while, for what it compiles.
                    least = Math.Min(least, now - before);
                    Assert.AreEqual(systemWhenWarm, backend.Memory.SystemAllocations, "a warm step took memory from the system");
                }

                before = GC.GetAllocatedBytesForCurrentThread();
            }));
            return least;
        }

        long few = ManagedInAStep(8), many = ManagedInAStep(64);

        // One image is 784 numbers: if anything were copied per image, 56 more images would show as 44,000 bytes at least.
        Assert.IsLessThan(few + 8_000, many, $"{few} bytes a step with 8 images, {many} with 64");
    });
}
