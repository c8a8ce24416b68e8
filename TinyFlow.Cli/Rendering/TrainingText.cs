using System.Globalization;
using TinyFlow.Nvp.Evaluation;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Cli.Rendering;

/// <summary>The sentences of a training run.</summary>
internal static class TrainingText
{
    private const string NotALikelihood = " (not a likelihood)";

    public static string Number(double value) => value.ToString("F3", CultureInfo.InvariantCulture);

    /// <summary>A duration as hours, minutes and seconds; hours may be more than any calendar has.</summary>
    public static string Clock(double seconds)
    {
        long all = (long)seconds, hours = all / 3600, minutes = all / 60 % 60;
        return hours > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{hours}:{minutes:D2}:{all % 60:D2}")
            : string.Create(CultureInfo.InvariantCulture, $"{minutes}:{all % 60:D2}");
    }

    /// <summary>The parts of a loss, in nats an image.</summary>
    public static string Parts(LossValues loss) => string.Create(
        CultureInfo.InvariantCulture,
        $"nll {loss.Nll:F1}   log_prob_z {loss.LogProbZ:F1}   log_det {loss.LogDet:F1}{(loss.BatchNorm == 0 ? "" : $"   batch_norm {loss.BatchNorm:F1}")}{(loss.L2 == 0 ? "" : $"   l2 {loss.L2:F4}")}");

    public static string StepLine(StepReport step) => string.Create(
        CultureInfo.InvariantCulture,
        $"epoch {step.Epoch,3}  step {step.StepOfEpoch,5}/{step.StepsPerEpoch}   {step.Loss.BitsPerDim,7:F4} bits/dim   {Parts(step.Loss)}");

    public static string EpochLine(EpochReport epoch, bool isLikelihood) => string.Create(
        CultureInfo.InvariantCulture,
        $"epoch {epoch.Epoch,3}  {(epoch.IsComplete ? "complete" : "cut short")}   training {epoch.Training.BitsPerDim:F4}{(isLikelihood ? "" : NotALikelihood)}   {(epoch.Validation is { } validation ? $"validation {Figure(validation)}   " : "")}{epoch.ImagesPerSecond:F0} images/s");

    /// <summary>That training has gone from good to bad, and what to do.</summary>
    /// <param name="now">Bits/dim of the epoch.</param>
    /// <param name="before">The least before it.</param>
    /// <param name="best">The best model; null if none has been written.</param>
    public static string Diverged(double now, double before, BestValidation? best) => string.Create(
        CultureInfo.InvariantCulture,
        $"Warning: training has diverged: {now:F4} bits/dim in this epoch, after {before:F4} in an earlier one, and seldom comes back. Start again with a lower --learning-rate.{(best is null ? "" : FormattableString.Invariant($" The best model so far, of epoch {best.Epoch}, has {best.BitsPerDim:F4} bits/dim on the validation images."))}");

    /// <summary>The seed notebook's own checks of a new model.</summary>
    public static IEnumerable<string> SelfChecks(SelfCheck check)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        yield return "Checks before training:";
        yield return string.Create(invariant, $"  shapes                x {check.Input} → z {check.Latent} and back");
        yield return string.Create(invariant, $"  base log_prob         {check.BaseLogProb:F2} nats an image");
        yield return string.Create(invariant, $"  reconstruction error  {check.ReconstructionError:0.0e-0}, the largest of any pixel, on a scale of 0 to 1");
        yield return string.Create(invariant, $"  log_det               {check.LogDetMinimum:F2} to {check.LogDetMaximum:F2}");
        yield return string.Create(invariant, $"  parameters            {check.Parameters:N0}");
    }

    /// <summary>The last of the checks: the first step's loss, which is that of the new model.</summary>
    public static string FirstLoss(LossValues loss, bool isLikelihood) => string.Create(
        CultureInfo.InvariantCulture,
        $"  first loss            {loss.Loss:F2}   {Parts(loss)}   dequantization {loss.Dequantization:F1}   {loss.BitsPerDim:F3} bits/dim{(isLikelihood ? "" : NotALikelihood)}");

    // A single image has no standard error, and what is not finite has neither.
    private static string Figure(EvaluationResult result)
    {
        string error = double.IsFinite(result.StandardError) ? string.Create(CultureInfo.InvariantCulture, $" ± {result.StandardError:F4}") : "";
        return double.IsFinite(result.BitsPerDim) ? string.Create(CultureInfo.InvariantCulture, $"{result.BitsPerDim:F4}{error} bits/dim") : "not finite";
    }

    /// <summary>Which of a run's models is the best.</summary>
    public static string Best(BestValidation best, long lastStep) => string.Create(
        CultureInfo.InvariantCulture,
        $"best          {best.BitsPerDim:F4} bits/dim on the validation images, after epoch {best.Epoch}{(best.Step == lastStep ? ", the last" : "; '--checkpoint best' takes that model")}");

    /// <summary>What a run came to.</summary>
    public static IEnumerable<string> Summary(double initial, double final, bool isLikelihood, EvaluationResult validation, ReferenceFigures references)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        string what = isLikelihood ? "bits/dim" : "bits/dim" + NotALikelihood;
        yield return string.Create(invariant, $"initial       {initial:F4} {what}, first step");
        yield return string.Create(invariant, $"final         {final:F4} {what}, mean of the last epoch");
        yield return string.Create(invariant, $"improvement   {initial - final:F4}");
        yield return $"references    {string.Join(", ", references.Figures.Select(figure => string.Create(invariant, $"{figure.BitsPerDim:F2} ({figure.Source})")))}: {references.Images}";
        yield return string.Create(
            invariant,
            $"validation    {Figure(validation)}, {Words.Count(validation.Images, "image")}, 1 noise draw (the test set is for 'tinyflow eval')");
    }
}
