namespace TinyFlow.Nvp.Training;

/// <summary>
/// How far a schedule is at each step: it was at <paramref name="Progress"/> at step <paramref name="Start"/> and will be
/// at 1 at step <paramref name="End"/>, where training ends. A run with a budget of time makes a new plan now and then.
/// </summary>
/// <param name="Start">The step at which the plan was made.</param>
/// <param name="Progress">The share of the schedule that was done then, from 0 to 1.</param>
/// <param name="End">The last step.</param>
/// <param name="Budget">The milliseconds that it was planned for; 0 for a plan by epochs.</param>
internal sealed record SchedulePlan(long Start, double Progress, long End, long Budget = 0)
{
    private const string StartKey = "plan_start", ProgressKey = "plan_progress_billionths", EndKey = "plan_end", BudgetKey = "plan_budget_milliseconds";

    // A counter holds a whole number, from which a resumed run must get the very same progress.
    private const double Billion = 1e9;

    /// <summary>As a checkpoint keeps it.</summary>
    public IEnumerable<KeyValuePair<string, long>> Counters => [new(StartKey, Start), new(ProgressKey, (long)(Progress * Billion)), new(EndKey, End), new(BudgetKey, Budget)];

    /// <summary>What a checkpoint kept; null if it has no plan.</summary>
    public static SchedulePlan? From(IReadOnlyDictionary<string, long> counters) =>
        counters.TryGetValue(StartKey, out long start) && counters.TryGetValue(ProgressKey, out long progress) && counters.TryGetValue(EndKey, out long end)
            ? new SchedulePlan(start, progress / Billion, end, counters.GetValueOrDefault(BudgetKey))
            : null;

    /// <summary>The share of the schedule that is done when so many steps are.</summary>
    public double At(long step) => Math.Min(1, Progress + (1 - Progress) * (step - Start) / Math.Max(1, End - Start));

    /// <summary>The plan that goes on from here and ends at another step.</summary>
    public SchedulePlan Until(long step, long end) => new(step, Math.Floor(At(step) * Billion) / Billion, Math.Max(step, end), Budget);
}
