namespace TinyFlow.Nvp.Training;

// When training ends, and when it validates, where a budget of time decides.
public sealed partial class Trainer
{
    // A plan every so many steps, and until an epoch has been validated, the speed of evaluation
    // in images over that of training.
    private const int PlanEvery = 100, FirstPlan = 8;
    private const double SpeedOfEvaluation = 3;

    // The share of such a run's time that validations before the last may take.
    private const double ValidationShare = 0.03;

    private double _reportSeconds;

    // What a schedule runs over: a limit of steps cuts it short and does not squeeze it. Until a run with a budget has
    // measured its speed it must not come to its end.
    private SchedulePlan Plan => Config.BudgetSeconds is null
        ? new SchedulePlan(0, 0, (long)Config.Epochs * StepsPerEpoch)
        : _position.Plan ?? new SchedulePlan(0, 0, long.MaxValue, Budget);

    private long Budget => (long)((Config.BudgetSeconds ?? 0) * 1000);

    // By the position alone, so that a resumed run decides as it would have.
    private bool ValidationIsDue => Config.BudgetSeconds is null || Step >= TotalSteps
        || _position.Validation.TotalSeconds + NextValidationSeconds <= ValidationShare * _position.Seconds;

    // By the shortest: what made others longer was not the model, but the machine at that moment.
    private double NextValidationSeconds => _position.ShortestValidation?.TotalSeconds
        ?? _data.Validation.Count / (SpeedOfEvaluation * _position.EpochImages / _position.EpochSeconds);

    /// <summary>What is left of it, at the speed of the last steps, gives the last step.</summary>
    private void PlanAnew(bool always = false)
    {
        bool isTime = Step < PlanEvery ? Step >= FirstPlan && long.IsPow2(Step) : Step % PlanEvery == 0;
        if (Config.BudgetSeconds is not { } budget || !(isTime || always) || _imagesPerSecond == 0)
        {
            return;
        }

        double secondsPerStep = Config.BatchSize / _imagesPerSecond, last = NextValidationSeconds + _reportSeconds;
        double validation = Math.Min(NextValidationSeconds, ValidationShare / (1 - ValidationShare) * StepsPerEpoch * secondsPerStep);
        double steps = (budget - _position.Seconds - last) / (secondsPerStep + (validation + _reportSeconds) / StepsPerEpoch);
        _position = _position with { Plan = Plan.Until(Step, Step + (long)Math.Max(0, steps)) };
        _isPlanned = false;
    }

    // A run that goes on with another budget has the schedule of a run that had it from the start, as with other epochs.
    private SchedulePlan PlanOfNewBudget(TrainingPosition position, double seconds)
    {
        double more = (seconds - position.Seconds) / (position.Seconds / position.Step);
        return new SchedulePlan(0, 0, position.Step + (long)Math.Max(0, more), Budget);
    }
}
