using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Nvp;

namespace TinyFlow.Tests.Training;

/// <summary>When a run with a budget of time validates.</summary>
[TestClass]
public sealed class BudgetTests
{
    private static readonly ModelConfig Model = Presets.Notebook.Model with { Layers = 1, Hidden = 4 };
    private static readonly TrainingConfig Training = Presets.Notebook.Training with { BatchSize = 4 };

    [TestMethod]
    public void Validations_before_the_last_take_three_hundredths_of_the_time_and_the_end_is_validated() => Devices.Run(Devices.Cpu, backend =>
    {
        using FlowModel model = FlowModel.Create(Model, backend, seed: 1);
        using Trainer trainer = new(model, Training with { BudgetSeconds = 10 }, FewImages.Open(), time: new EvenTime());
        List<EpochReport> reports = [];
        trainer.Run(new StepWatcher(onEpoch: reports.Add));

        // The budget is kept, and used up but for what was kept back for a last validation.
        Assert.IsNotNull(reports[^1].Validation);
        Assert.IsInRange(9, 10.1, reports[^1].Seconds);
        int validations = reports.Count(report => report.Validation is not null);
        Assert.IsGreaterThan(3, validations);
        Assert.IsLessThan(reports.Count, validations, "each epoch was validated");
        CollectionAssert.AllItemsAreUnique(reports.Select(report => report.Epoch).ToArray());
        Assert.IsLessThanOrEqualTo(0.03 * reports[^1].Seconds, (validations - 1) * EvenTime.Each.TotalSeconds, $"{validations} of {reports.Count} epochs were validated in {reports[^1].Seconds:F2} s");
    });

    [TestMethod]
    [DataRow(1L, true, DisplayName = "where validations have been cheap")]
    [DataRow(3_600_000_000L, false, DisplayName = "where they have been dear")]
    public void Whether_to_validate_follows_from_the_checkpoint(long microseconds, bool isValidated) => Devices.Run(Devices.Cpu, backend =>
    {
        using FlowModel model = FlowModel.Create(Model, backend, seed: 1);
        Checkpoint interrupted = InterruptedAtTheEndOfTheFirstEpoch(model);
        Checkpoint saved = new()
        {
            Model = interrupted.Model,
            Optimizer = interrupted.Optimizer,
            Counters = new Dictionary<string, long>(interrupted.Counters) { ["validation_microseconds"] = microseconds, ["shortest_validation_microseconds"] = microseconds },
        };
        List<EpochReport> reports = [];
        Checkpoint? afterEpoch = null;
        using CancellationTokenSource source = new();
        using (Trainer trainer = new(model, Training with { BudgetSeconds = 1000 }, FewImages.Open()))
        {
            trainer.Resume(saved);
            StepWatcher watcher = new(onEpoch: report =>
            {
                reports.Add(report);
                afterEpoch = trainer.Save("{}");
                source.Cancel();
            });
            Assert.AreEqual(TrainingEnd.Interrupted, trainer.Run(watcher, source.Token));
        }

        Assert.AreEqual(isValidated, reports.Single().Validation is not null);
        Assert.AreEqual(microseconds == 1, afterEpoch!.Counter("validation_microseconds") > microseconds);

        // Where the run is told to end there, the end is validated, and once.
        reports.Clear();
        using Trainer last = new(model, Training with { BudgetSeconds = 1000, MaxSteps = afterEpoch.Counter("step") }, FewImages.Open());
        last.Resume(afterEpoch);
        Assert.AreEqual(TrainingEnd.Finished, last.Run(new StepWatcher(onEpoch: reports.Add)));
        Assert.HasCount(isValidated ? 0 : 1, reports);
        Assert.IsTrue(reports.All(report => report.Validation is not null));
    });

    private static Checkpoint InterruptedAtTheEndOfTheFirstEpoch(FlowModel model)
    {
        using CancellationTokenSource source = new();
        using Trainer trainer = new(model, Training with { Epochs = 2 }, FewImages.Open());
        Assert.AreEqual(TrainingEnd.Interrupted, trainer.Run(new StepWatcher(onValidating: source.Cancel), source.Token));
        return trainer.Save("{}");
    }
}
