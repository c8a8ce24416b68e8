using TinyFlow.Nvp.Evaluation;

namespace TinyFlow.Nvp.Training;

/// <summary>What an epoch came to.</summary>
/// <param name="Epoch">The epoch, counted from 1.</param>
/// <param name="Step">Updates done so far.</param>
/// <param name="Training">The loss and its parts, averaged over the epoch's images as they were trained on.</param>
/// <param name="Validation">The figure on the validation images after the epoch; null where a run with a budget of time passes one over.</param>
/// <param name="LearningRate">The learning rate of the epoch.</param>
/// <param name="Seconds">Seconds of training so far, over all sittings, with the validations before this one.</param>
/// <param name="ImagesPerSecond">Training images a second over the epoch.</param>
/// <param name="IsComplete">False if the limit of steps ended training within the epoch.</param>
/// <param name="IsBest">Whether the validation is better than all before it.</param>
public sealed record EpochReport(
    int Epoch, long Step, LossValues Training, EvaluationResult? Validation, double LearningRate, double Seconds, double ImagesPerSecond, bool IsComplete,
    bool IsBest);
