namespace TinyFlow.Nvp.Evaluation;

/// <summary>A model's figure on images: an upper bound on their code length, by uniform or learned dequantization.</summary>
public sealed record EvaluationResult
{
    /// <summary>Mean negative log-likelihood an image, in nats.</summary>
    public required double Nll { get; init; }

    /// <summary>The same in bits per dimension.</summary>
    public required double BitsPerDim { get; init; }

    /// <summary>The standard error of <see cref="BitsPerDim"/>: the deviation over images divided by √images; NaN for a single image.</summary>
    public required double StandardError { get; init; }

    /// <summary>How many images; none is left out.</summary>
    public int Images => PerImage.Count;

    /// <summary>Noise draws an image, over which log p is averaged.</summary>
    public required int NoiseDraws { get; init; }

    /// <summary>Bits per dimension of each image, in the order of the set.</summary>
    public required IReadOnlyList<double> PerImage { get; init; }

    /// <summary>The importance-weighted bound; null if it was not asked for.</summary>
    public ImportanceBound? Importance { get; init; }

    /// <summary>The largest |x − f⁻¹(f(x))| of any pixel, where x is on [0, 1); null if no inverse was asked for.</summary>
    public double? LargestInverseError { get; init; }

    /// <summary>The likelihood term by term; null if it was not asked for.</summary>
    public Ledger? Ledger { get; init; }

    /// <summary>Why a backend that records work did not record the batches; null if it did, or there were too few to try.</summary>
    public string? NotRecorded { get; init; }

    /// <summary>Images whose likelihood is not finite. There must be none; the means are not finite if there are.</summary>
    public int NonFinite => PerImage.Count(bits => !double.IsFinite(bits));

    internal static (double Mean, double StandardError) Statistics(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        double deviation = values.Count > 1 ? Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1)) : double.NaN;
        return (mean, deviation / Math.Sqrt(values.Count));
    }
}

/// <summary>A bound tighter than that of single draws: log (1/K Σ p(x + u_k)) in place of the mean of log p.</summary>
/// <param name="Samples">K.</param>
/// <param name="BitsPerDim">In bits per dimension, averaged over images.</param>
/// <param name="StandardError">Its standard error over images.</param>
public sealed record ImportanceBound(int Samples, double BitsPerDim, double StandardError);
