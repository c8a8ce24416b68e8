using TinyFlow.Nvp.Training;

namespace TinyFlow.Tests.Training;

/// <summary>Calls back at each step, and at each epoch's validation and report.</summary>
internal sealed class StepWatcher(Action<StepReport>? onStep = null, Action? onValidating = null, Action<EpochReport>? onEpoch = null) : ITrainingObserver
{
    public void OnStep(StepReport step) => onStep?.Invoke(step);

    public void OnValidating(int epoch) => onValidating?.Invoke();

    public void OnEpoch(EpochReport epoch) => onEpoch?.Invoke(epoch);
}
