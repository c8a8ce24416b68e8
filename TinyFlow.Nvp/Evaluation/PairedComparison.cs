namespace TinyFlow.Nvp.Evaluation;

/// <summary>
/// Two models on the same images with the same noise. Images differ far more from each other than models do, so the
/// standard error of the mean difference is much smaller than that of either mean.
/// </summary>
/// <param name="Difference">Mean over images of b − a, in bits per dimension: negative if b is the better model.</param>
/// <param name="StandardError">Its standard error; NaN for a single image.</param>
/// <param name="BetterByFirst">The share of images that a needs fewer bits for, from 0 to 1.</param>
public sealed record PairedComparison(double Difference, double StandardError, double BetterByFirst)
{
    /// <summary>Compares two evaluations.</summary>
    /// <exception cref="ArgumentException">They are of different numbers of images.</exception>
    public static PairedComparison Of(EvaluationResult a, EvaluationResult b)
    {
        if (a.Images != b.Images)
        {
            throw new ArgumentException($"Models are compared image by image, but one was evaluated on {a.Images} images and the other on {b.Images}. Evaluate both on the same set.");
        }

        double[] differences = [.. b.PerImage.Zip(a.PerImage, (second, first) => second - first)];
        (double mean, double standardError) = EvaluationResult.Statistics(differences);
        return new PairedComparison(mean, standardError, differences.Count(difference => difference > 0) / (double)differences.Length);
    }
}
