using TinyFlow.Cli.Devices;
using TinyFlow.Cli.Pictures;
using TinyFlow.Cli.Rendering;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Evaluation;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Cli.Training;

/// <summary>Writes what a training run leaves in its folder, and tells the display.</summary>
internal sealed class RunObserver(
    RunFolder folder, Trainer trainer, FlowModel model, MetricsLog metrics, ITrainingDisplay display, Gallery gallery, string configuration, bool isNew) : ITrainingObserver
{
    // As the seed notebook does.
    private const int LogEvery = 300, PictureEvery = 10, PictureSide = 4;

    // Above the least of an epoch before it. What jumps as far is lost: so was the one run of ours that did (docs/results.md, "Splines").
    private const double DivergedByBits = 1;

    private bool _hasSaidNotRecorded;
    private double _leastBitsPerDim = trainer.Best?.BitsPerDim ?? double.PositiveInfinity;

    /// <summary>The last epoch's report.</summary>
    public EpochReport? Last { get; private set; }

    /// <summary>The step of the checkpoint that the folder holds.</summary>
    public long SavedStep { get; private set; } = trainer.Step;

    public void OnStep(StepReport step)
    {
        if (isNew && step.Step == 1)
        {
            display.Line(TrainingText.FirstLoss(step.Loss, trainer.IsLikelihood));
        }

        SayOnceThatStepsAreNotRecorded();
        display.Show(step);
        if ((step.StepOfEpoch - 1) % LogEvery != 0)
        {
            return;
        }

        MetricsRow row = RowOf(step.Step, step.Epoch, step.Loss) with
        {
            GradNorm = step.GradientNorm,
            LearningRate = step.LearningRate,
            ImagesPerSecond = step.ImagesPerSecond,
            Seconds = step.Seconds,
        };
        metrics.Append(row);
        display.Line(TrainingText.StepLine(step));
    }

    public void OnValidating(int epoch) => display.Status("validating");

    public void OnEpoch(EpochReport epoch)
    {
        Last = epoch;
        metrics.Append(RowOf(epoch.Step, epoch.Epoch, epoch.Training) with
        {
            LearningRate = epoch.LearningRate,
            ImagesPerSecond = epoch.ImagesPerSecond,
            Seconds = epoch.Seconds,
        });
        if (epoch.Validation is { } validation)
        {
            metrics.Append(new MetricsRow
            {
                Step = epoch.Step,
                Epoch = epoch.Epoch,
                Split = "validation",
                Nll = validation.Nll,
                BitsPerDim = validation.BitsPerDim,
                Seconds = epoch.Seconds,
            });
        }

        display.Line(TrainingText.EpochLine(epoch, trainer.IsLikelihood));
        Checkpoint saved = Save();
        if (epoch.IsBest)
        {
            // Second: the checkpoint says which step is the best, so that a run that dies in between is put right when it is resumed.
            saved.WithoutOptimizer().Save(folder.Best);
        }

        WarnOfDivergence(epoch.Training.BitsPerDim);

        if (epoch.IsComplete && epoch.Epoch % PictureEvery == 0)
        {
            display.Status("drawing samples");
            gallery.SaveGrid(
                folder.EpochPicture(epoch.Epoch),
                Sampler.Draw(model, PictureSide * PictureSide, SampleDefaults.Temperature, trainer.Config.Seed), PictureSide, PictureSide);
        }
    }

    /// <summary>Writes the checkpoint.</summary>
    public Checkpoint Save()
    {
        display.Status("saving");
        Checkpoint checkpoint = trainer.Save(configuration);
        checkpoint.Save(folder.Checkpoint);
        SavedStep = trainer.Step;
        return checkpoint;
    }

    private void WarnOfDivergence(double bitsPerDim)
    {
        if (trainer.IsLikelihood && bitsPerDim > _leastBitsPerDim + DivergedByBits)
        {
            display.Line(TrainingText.Diverged(bitsPerDim, _leastBitsPerDim, File.Exists(folder.Best) ? trainer.Best : null));
        }

        _leastBitsPerDim = Math.Min(_leastBitsPerDim, bitsPerDim);
    }

    private void SayOnceThatStepsAreNotRecorded()
    {
        if (!_hasSaidNotRecorded && trainer.StepsNotRecorded is { } reason)
        {
            _hasSaidNotRecorded = true;
            display.Line(DeviceChoice.NotRecorded("Steps", reason));
        }
    }

    private static MetricsRow RowOf(long step, int epoch, LossValues loss) => new()
    {
        Step = step,
        Epoch = epoch,
        Split = "train",
        Nll = loss.Nll,
        BitsPerDim = loss.BitsPerDim,
        LogProbZ = loss.LogProbZ,
        LogDet = loss.LogDet,
        BatchNorm = loss.BatchNorm,
        Dequantization = loss.Dequantization,
        L2 = loss.L2,
    };
}
