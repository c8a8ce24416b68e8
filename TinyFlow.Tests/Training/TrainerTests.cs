using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Nvp;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Training;

[TestClass]
public sealed class TrainerTests
{
    private static readonly ModelConfig Quick = Presets.Quick.Model with { Layers = 1, Hidden = 4, DenseLayers = 2, DenseHidden = 4 };
    private static readonly ModelConfig Notebook = Presets.Notebook.Model with { Layers = 1, Hidden = 4 };

    public static IEnumerable<object[]> ResumedRuns =>
        from preset in (string[])["quick", "bjlkeng", "paper-bn", "paper-cifar"] from device in Devices.Float32 select new object[] { preset, device };

    [TestMethod]
    [DynamicData(nameof(Devices.Float32Rows), typeof(Devices))]
    public void A_loss_that_is_not_finite_changes_neither_parameters_nor_running_statistics(string device) => Devices.Run(device, backend =>
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
    [DynamicData(nameof(ResumedRuns))]
    public void A_run_resumes_bit_for_bit_under_its_own_schedule(string preset, string device) => Devices.Run(device, backend =>
    {
        ModelConfig small = preset == "quick" ? Quick : Presets.Find(preset).Model with { Hidden = 4, Blocks = 1, Channels = 1, Height = 28, Width = 28 };
        TrainingConfig training = Presets.Find(preset).Training with { BatchSize = 16 };
        DataSource data = FewImages.Open();
        double[] Train(params long[] stops)
        {
            Checkpoint? saved = null;
            double[] values = [];
            foreach (long stop in stops)
            {
                using FlowModel model = FlowModel.Create(small, backend, training.Seed);
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

        // An epoch has three steps.
        CollectionAssert.AreEqual(Train(5), Train(2, 5));
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Float32Rows), typeof(Devices))]
    public void A_checkpoint_of_another_model_changes_nothing(string device) => Devices.Run(device, backend =>
    {
        DataSource data = DataSource.Open(DataSource.Mini);
        using FlowModel model = FlowModel.Create(Notebook, backend, seed: 1), wider = FlowModel.Create(Notebook with { Hidden = 5 }, backend, seed: 2);
        using Trainer trainer = new(model, Presets.Notebook.Training, data), other = new(wider, Presets.Notebook.Training, data);
        Checkpoint fits = trainer.Save("{}"), fitsNot = other.Save("{}");
        IReadOnlyList<NamedArray> before = model.Parameters.Export();

        // The model's part fits, the optimizer's does not.
        Checkpoint mixed = new() { Model = other.Save("{}").Model.Select((tensor, i) => fits.Model[i]).ToArray(), Optimizer = fitsNot.Optimizer, Counters = fits.Counters };
        backend.Fill(model.Parameters.Values, 3);
        ArgumentException exception = Assert.ThrowsExactly<ArgumentException>(() => trainer.Resume(mixed));

        Assert.Contains("optimizer.exp_avg.", exception.Message);
        Assert.IsTrue(model.Parameters.Parameters.All(parameter => parameter.Value.ToDoubles().All(value => value == 3)), "the parameters were changed");
        Assert.IsNotEmpty(before);
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Float32Rows), typeof(Devices))]
    public void The_average_of_the_weights_is_what_a_checkpoint_and_the_model_hold_and_resuming_goes_on_from_the_weights_themselves(string device) => Devices.Run(device, backend =>
    {
        const double Decay = 0.7;
        TrainingConfig training = Presets.Notebook.Training with { BatchSize = 8, WarmUpSteps = 4, AverageDecay = Decay };
        DataSource data = FewImages.Open();
        List<double[]> trained = [];
        using FlowModel model = FlowModel.Create(Notebook, backend, seed: 1);

        // Step by step: recorded steps are told of when several are done.
        using Trainer trainer = new(model, training with { MaxSteps = 6 }, data, recordsSteps: false);
        double[] average = model.Parameters.Values.ToDoubles();
        trainer.Run(new StepWatcher(step => trained.Add(model.Parameters.Values.ToDoubles())));
        for (int i = 0; i < trained.Count; i++)
        {
            double decay = Math.Min(Decay, (i + 1) / (i + 10.0));
            average = [.. average.Zip(trained[i], (a, w) => decay * a + (1 - decay) * w)];
        }

        Close.Check(average, model.Parameters.Values.ToDoubles(), 1e-6, "the average");
        Checkpoint saved = trainer.Save("{}");
        using FlowModel again = FlowModel.Create(Notebook, backend, seed: 2);
        using Trainer resumed = new(again, training with { MaxSteps = 9 }, data), whole = new(model, training with { MaxSteps = 9 }, data);
        resumed.Resume(saved);
        resumed.Run();
        whole.Resume(saved);
        whole.Run();
        CollectionAssert.AreEqual(model.Parameters.Values.ToDoubles(), again.Parameters.Values.ToDoubles());

        // Another three steps from the average in place of the weights would lead elsewhere.
        using Trainer fromAverage = new(again, training with { MaxSteps = 9, AverageDecay = null }, data);
        fromAverage.Resume(new Checkpoint { Model = saved.Model, Optimizer = [.. saved.Optimizer.Where(tensor => !tensor.Name.StartsWith("trained.", StringComparison.Ordinal))], Counters = saved.Counters });
        fromAverage.Run();
        CollectionAssert.AreNotEqual(model.Parameters.Values.ToDoubles(), again.Parameters.Values.ToDoubles());
    });

    [TestMethod]
    public void A_budget_of_time_plans_its_steps_so_that_the_learning_rate_comes_to_its_end() => Devices.Run(Devices.Cpu, backend =>
    {
        DataSource few = FewImages.Open();

        // A plan is made from the eighth step on.
        TrainingConfig training = Presets.Quick.Training with { BatchSize = 4, BudgetSeconds = 1 };
        using FlowModel model = FlowModel.Create(Quick, backend, seed: 1);
        using Trainer trainer = new(model, training, few, time: new EvenTime());
        List<StepReport> steps = [];
        Assert.AreEqual(TrainingEnd.Finished, trainer.Run(new StepWatcher(steps.Add)));

        Assert.IsNull(steps[0].TotalSteps);
        Assert.IsTrue(steps.Skip(8).All(step => step.TotalSteps >= step.Step));
        Assert.AreEqual(trainer.TotalSteps, trainer.Step);
        Assert.IsLessThan(training.LearningRate * 0.1, steps[^1].LearningRate, $"after {steps.Count} steps");
    });

    [TestMethod]
    [DataRow(null, DisplayName = "at the end of an epoch")]
    [DataRow(12L, DisplayName = "at the end of training, within an epoch")]
    public void A_run_that_is_interrupted_while_it_validates_validates_when_it_is_resumed(long? maxSteps) => Devices.Run(Devices.Cpu, backend =>
    {
        DataSource few = FewImages.Open();
        TrainingConfig training = Presets.Notebook.Training with { BatchSize = 4, Epochs = 2, MaxSteps = maxSteps };
        (int, long, double, double, double, bool, bool)[] Train(int interruptedEpoch)
        {
            List<EpochReport> reports = [];
            Checkpoint? saved = null;
            TrainingEnd end;
            do
            {
                using CancellationTokenSource source = new();
                using FlowModel model = FlowModel.Create(Notebook, backend, seed: 1);
                using Trainer trainer = new(model, training, few);
                if (saved is not null)
                {
                    trainer.Resume(saved);
                }

                StepWatcher watcher = new(onEpoch: reports.Add, onValidating: () =>
                {
                    if (saved is null && trainer.Epoch + 1 == interruptedEpoch)
                    {
                        source.Cancel();
                    }
                });
                end = trainer.Run(watcher, source.Token);
                saved = trainer.Save("{}");
            }
            while (end == TrainingEnd.Interrupted);
            return [.. reports.Select(report => (report.Epoch, report.Step, report.Training.Nll, report.Validation!.Nll, report.LearningRate, report.IsComplete, report.IsBest))];
        }

        (int, long, double, double, double, bool, bool)[] whole = Train(0);
        Assert.HasCount(2, whole);
        CollectionAssert.AreEqual(whole, Train(1));
        CollectionAssert.AreEqual(whole, Train(2));
    });

    [TestMethod]
    public void A_report_is_not_repeated_when_a_finished_run_is_resumed() => Devices.Run(Devices.Cpu, backend =>
    {
        TrainingConfig training = Presets.Notebook.Training with { BatchSize = 4, Epochs = 1 };
        using FlowModel model = FlowModel.Create(Notebook, backend, seed: 1);
        using Trainer trainer = new(model, training, FewImages.Open()), again = new(model, training, FewImages.Open());
        trainer.Run();
        again.Resume(trainer.Save("{}"));
        Assert.AreEqual(TrainingEnd.Finished, again.Run(new StepWatcher(onEpoch: _ => Assert.Fail("validated twice"))));
    });

    [TestMethod]
    public void A_finished_run_with_a_budget_goes_on_with_a_larger_one_and_not_with_the_same() => Devices.Run(Devices.Cpu, backend =>
    {
        TrainingConfig training = Presets.Quick.Training with { BatchSize = 4, BudgetSeconds = 0.5 };
        using FlowModel model = FlowModel.Create(Quick, backend, seed: 1);
        Checkpoint saved;
        long first;
        using (Trainer trainer = new(model, training, FewImages.Open(), time: new EvenTime()))
        {
            trainer.Run();
            (saved, first) = (trainer.Save("{}"), trainer.Step);
        }

        using (Trainer same = new(model, training, FewImages.Open(), time: new EvenTime()))
        {
            same.Resume(saved);
            Assert.AreEqual(first, same.TotalSteps);
        }

        using Trainer longer = new(model, training with { BudgetSeconds = 2 }, FewImages.Open(), time: new EvenTime());
        longer.Resume(saved);
        List<StepReport> steps = [];
        Assert.AreEqual(TrainingEnd.Finished, longer.Run(new StepWatcher(steps.Add)));
        Assert.IsGreaterThan(first, longer.Step);
        Assert.IsGreaterThan(training.LearningRate * 0.1, steps[0].LearningRate, "it went on at the end of the old schedule");
        Assert.IsLessThan(training.LearningRate * 0.1, steps[^1].LearningRate, "the new schedule did not come to its end");
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
