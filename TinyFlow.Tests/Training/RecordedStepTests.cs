using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Tests.Training;

/// <summary>Training on a backend that records a step and repeats it: the same as step by step.</summary>
[TestClass]
public sealed class RecordedStepTests
{
    private static readonly ModelConfig Notebook = Presets.Notebook.Model with { Layers = 1, Hidden = 2 };
    private static readonly TrainingConfig Training = Presets.Notebook.Training with { BatchSize = 16, AverageDecay = 0.9, WarmUpSteps = 5 };

    // 75 images to train on: an epoch has four batches of 16 and one of 11.
    private static readonly DataSource Data = Few(90);

    [TestMethod]
    public void A_recorded_step_trains_as_steps_one_by_one_do_and_tells_of_each()
    {
        (double[] expected, StepReport[] one) = Train(new ReferenceBackend(poison: true));
        using RecordingBackend recording = new();
        (double[] found, StepReport[] many) = Train(recording);

        CollectionAssert.AreEqual(expected, found);
        CollectionAssert.AreEqual(
            one.Select(report => (report.Step, report.Epoch, report.StepOfEpoch, report.Images, report.Loss, report.GradientNorm, report.LearningRate)).ToArray(),
            many.Select(report => (report.Step, report.Epoch, report.StepOfEpoch, report.Images, report.Loss, report.GradientNorm, report.LearningRate)).ToArray());

        // Of the 12 steps of 16 images and the 3 of 11, two each come before the first recording. An epoch has its own.
        Assert.AreEqual(11, recording.Replays);
        Assert.AreEqual(4, recording.Recordings);
        Assert.AreEqual(0, recording.Alive, "recordings that were not disposed");
    }

    [TestMethod]
    public void Steps_done_ahead_of_one_that_is_not_finite_count_and_those_after_it_change_nothing()
    {
        using RecordingBackend recording = new(), plain = new() { Refuses = true };
        double[] At(RecordingBackend backend, long steps)
        {
            using FlowModel stopped = FlowModel.Create(Notebook, backend, seed: 1);
            using Trainer until = new(stopped, Training with { MaxSteps = steps }, Data);
            until.Run();
            return [.. stopped.Parameters.Export().SelectMany(array => array.Values)];
        }

        double[] expected = At(plain, 3);
        using FlowModel model = FlowModel.Create(Notebook, recording, seed: 1);
        using Trainer trainer = new(model, Training with { MaxSteps = 5 }, Data);

        // The fourth step is the second replay.
        recording.BeforeReplay = replay => recording.Fault = replay == 2;
        List<long> told = [];
        NonFiniteException exception = Assert.ThrowsExactly<NonFiniteException>(() => trainer.Run(new StepWatcher(report => told.Add(report.Step))));

        Assert.Contains("step 4", exception.Message);
        CollectionAssert.AreEqual(new long[] { 1, 2, 3 }, told);
        Assert.AreEqual(3L, trainer.Step);
        CollectionAssert.AreEqual(expected, (double[])[.. model.Parameters.Export().SelectMany(array => array.Values)]);
    }

    [TestMethod]
    public void What_cannot_be_recorded_is_done_step_by_step()
    {
        (double[] expected, _) = Train(new ReferenceBackend(poison: true));
        using RecordingBackend refusing = new() { Refuses = true };
        (double[] found, _) = Train(refusing);

        CollectionAssert.AreEqual(expected, found);
        Assert.AreEqual(0, refusing.Replays);
    }

    private static (double[] Values, StepReport[] Reports) Train(IBackend backend)
    {
        List<StepReport> reports = [];
        using FlowModel model = FlowModel.Create(Notebook, backend, seed: 1);
        using (Trainer trainer = new(model, Training with { Epochs = 3 }, Data))
        {
            trainer.Run(new StepWatcher(reports.Add));
        }

        return ([.. model.Parameters.Export().SelectMany(array => array.Values)], [.. reports]);
    }

    // Their last sixth validates.
    private static DataSource Few(int count)
    {
        ImageSet images = DataSource.Open(DataSource.Mini).Published.Slice(0, count, "few");
        return new DataSource("few", images, () => images);
    }

    /// <summary>The reference backend with recordings that do the work again. It can spoil a replay's loss.</summary>
    private sealed class RecordingBackend() : ReferenceBackend(poison: true), IRecorder
    {
        public bool Refuses { get; init; }

        public bool Fault { get; set; }

        public Action<int>? BeforeReplay { get; set; }

        public int Recordings { get; private set; }

        public int Replays { get; private set; }

        public int Alive { get; private set; }

        public IRecording Record(Action work)
        {
            if (Refuses)
            {
                throw new NotSupportedException("it does not want to");
            }

            Recordings++;
            Alive++;
            return new Recording(this, work);
        }

        public override void GaussianLogProb(Tensor z, Tensor logProb)
        {
            base.GaussianLogProb(z, logProb);
            if (Fault)
            {
                Fill(logProb, double.NaN);
            }
        }

        private sealed class Recording(RecordingBackend backend, Action work) : IRecording
        {
            public void Replay()
            {
                backend.Replays++;
                backend.BeforeReplay?.Invoke(backend.Replays);
                work();
            }

            public void Dispose() => backend.Alive--;
        }
    }
}
