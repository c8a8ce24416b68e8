namespace TinyFlow.Nvp.Training;

/// <summary>
/// Watches a training run: progress, metrics, pictures and checkpoints are observers, not part of the loop. Implement
/// what is of interest.
/// </summary>
public interface ITrainingObserver
{
    /// <summary>A step has been done.</summary>
    void OnStep(StepReport step)
    {
    }

    /// <summary>Validation has begun after an epoch; it takes a while. A run with a budget of time does not validate after each.</summary>
    void OnValidating(int epoch)
    {
    }

    /// <summary>An epoch is complete, or the end of training has cut it short.</summary>
    void OnEpoch(EpochReport epoch)
    {
    }
}
