using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Training;

/// <summary>The learning rate of each step, as a function of settings and position alone, so that a resumed run has the same ones.</summary>
public static class LearningRates
{
    /// <summary>The learning rate of a step.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="epoch">The epoch, counted from 0.</param>
    /// <param name="progress">The share of all epochs' steps that is done, from 0 to 1; a limit of steps does not count.</param>
    /// <param name="step">Updates done so far: over the first <see cref="TrainingConfig.WarmUpSteps"/> the rate rises from almost 0.</param>
    public static double At(TrainingConfig config, int epoch, double progress, long step) =>
        Scheduled(config, epoch, progress) * (step < config.WarmUpSteps ? (step + 1.0) / config.WarmUpSteps : 1);

    private static double Scheduled(TrainingConfig config, int epoch, double progress) => config.Schedule switch
    {
        ScheduleKind.Cosine => config.LearningRate * (1 + Math.Cos(Math.PI * Fall(config, progress))) / 2,
        _ => config.StepEpochs is { } epochs ? config.LearningRate * Math.Pow(config.StepFactor, epoch / epochs) : config.LearningRate,
    };

    // The share of the cosine's fall that is done.
    private static double Fall(TrainingConfig config, double progress) =>
        Math.Max(0, progress - config.CosineFrom) / (1 - config.CosineFrom);
}
