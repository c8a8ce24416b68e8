using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Training;

/// <summary>torch.optim.lr_scheduler.StepLR: the learning rate is multiplied by a factor every so many epochs.</summary>
/// <param name="LearningRate">At the start.</param>
/// <param name="StepEpochs">Epochs between two drops; null for none.</param>
/// <param name="Factor">What each drop multiplies by.</param>
public sealed record StepSchedule(double LearningRate, int? StepEpochs, double Factor)
{
    /// <summary>The schedule of training settings.</summary>
    public static StepSchedule Of(TrainingConfig config) => new(config.LearningRate, config.StepEpochs, config.StepFactor);

    /// <summary>The learning rate of an epoch, counted from 0.</summary>
    public double At(int epoch) => StepEpochs is { } epochs ? LearningRate * Math.Pow(Factor, epoch / epochs) : LearningRate;
}
