namespace TinyFlow.Nvp.Training;

/// <summary>What a training step did.</summary>
/// <param name="Step">Updates done so far, this one included.</param>
/// <param name="Epoch">The epoch, counted from 1.</param>
/// <param name="TotalSteps">Steps that the run is to have; with a budget of time, as planned now, and null before there is a plan.</param>
/// <param name="StepOfEpoch">The step within the epoch, counted from 1.</param>
/// <param name="StepsPerEpoch">Steps in an epoch.</param>
/// <param name="Images">Images in this step.</param>
/// <param name="Loss">The loss before the update, and its parts.</param>
/// <param name="GradientNorm">The norm of all gradients before clipping.</param>
/// <param name="LearningRate">The learning rate of the update.</param>
/// <param name="Seconds">Seconds of training so far, over all sittings, with validations.</param>
/// <param name="ImagesPerSecond">Images a second, averaged over the last steps.</param>
public readonly record struct StepReport(
    long Step, long? TotalSteps, int Epoch, int StepOfEpoch, int StepsPerEpoch, int Images, LossValues Loss,
    double GradientNorm, double LearningRate, double Seconds, double ImagesPerSecond);
