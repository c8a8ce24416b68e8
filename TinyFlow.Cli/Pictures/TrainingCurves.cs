using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Cli.Pictures;

/// <summary>
/// The rows of metrics.jsonl that make one curve. Rows of a step and means of an epoch do not belong on one line; and a run
/// that was cut short within an epoch and resumed has rows of that epoch twice, of which the last is about all of it.
/// </summary>
internal static class TrainingCurves
{
    private const string Train = "train";

    /// <summary>Single training steps, which have the norm of their gradients; means of epochs if there are no steps.</summary>
    public static MetricsRow[] Training(IEnumerable<MetricsRow> rows)
    {
        MetricsRow[] training = [.. rows.Where(row => row.Split == Train)], steps = [.. training.Where(row => double.IsFinite(row.GradNorm))];
        return steps.Length > 0 ? steps : LastOfEpochs(training);
    }

    /// <summary>The last validation of each epoch.</summary>
    public static MetricsRow[] Validation(IEnumerable<MetricsRow> rows) => LastOfEpochs(rows.Where(row => row.Split != Train));

    private static MetricsRow[] LastOfEpochs(IEnumerable<MetricsRow> rows) => [.. rows.GroupBy(row => row.Epoch).Select(epoch => epoch.Last())];
}
