using TinyFlow.Nvp.Training;

namespace TinyFlow.Tests.Training;

/// <summary>Calls back at each step.</summary>
internal sealed class StepWatcher(Action<StepReport>? onStep = null) : ITrainingObserver
{
    public void OnStep(StepReport step) => onStep?.Invoke(step);
}
