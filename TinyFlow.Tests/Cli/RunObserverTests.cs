using TinyFlow.Cli.Pictures;
using TinyFlow.Cli.Rendering;
using TinyFlow.Cli.Training;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Files;
using TinyFlow.Tests.Training;

namespace TinyFlow.Tests.Cli;

/// <summary>What a run says of its epochs, where no real training would come to them reliably.</summary>
[TestClass]
public sealed class RunObserverTests
{
    [TestMethod]
    public void A_run_that_diverges_without_becoming_infinite_is_told_of()
    {
        IReadOnlyList<string> lines = Said(ObjectiveKind.Exact, 2.5, 1.2, 1.9, 2.3, 1.1, 7.5);
        Assert.HasCount(2, lines);
        Assert.StartsWith("Warning: training has diverged: 2.3000 bits/dim in this epoch, after 1.2000 in an earlier one", lines[0]);
        Assert.Contains("7.5000 bits/dim in this epoch, after 1.1000", lines[1]);
        Assert.Contains("lower --learning-rate", lines[1]);
        Assert.EndsWith("lower --learning-rate.", lines[1]);
    }

    [TestMethod]
    public void What_is_no_likelihood_does_not_diverge() => Assert.IsEmpty(Said(ObjectiveKind.Notebook, 1, 100));

    private static List<string> Said(ObjectiveKind objective, params double[] bitsPerDim)
    {
        using TemporaryFolder folder = new();
        using CpuBackend backend = new();
        using FlowModel model = FlowModel.Create(Presets.Notebook.Model with { Layers = 1, Hidden = 4 }, backend, seed: 0);
        using Trainer trainer = new(model, Presets.Notebook.Training with { BatchSize = 4, Objective = objective }, FewImages.Open());
        RunFolder run = RunFolder.Create(folder.File("run"), "notebook", DateTime.Now);
        using MetricsLog metrics = MetricsLog.Open(run.Metrics);
        Lines display = new();
        RunObserver observer = new(run, trainer, model, metrics, display, new Gallery(display.Line), "{}", isNew: true);
        for (int i = 0; i < bitsPerDim.Length; i++)
        {
            observer.OnEpoch(new EpochReport(i + 1, i, default(LossValues) with { BitsPerDim = bitsPerDim[i] }, null, 1e-3, i, 100, IsComplete: false, IsBest: false));
        }

        return [.. display.Said.Where(line => line.Contains("Warning", StringComparison.Ordinal))];
    }

    private sealed class Lines : ITrainingDisplay
    {
        public List<string> Said { get; } = [];

        public T During<T>(Func<T> work) => work();

        public void Show(StepReport step)
        {
        }

        public void Status(string text)
        {
        }

        public void Line(string text) => Said.Add(text);

        public void Abandon()
        {
        }
    }
}
