namespace TinyFlow.Nvp.Evaluation;

/// <summary>The exact figure of a model on images: a bound on their code length under uniform dequantization.</summary>
/// <param name="Nll">Mean negative log-likelihood an image, in nats.</param>
/// <param name="BitsPerDim">The same in bits per dimension.</param>
/// <param name="StandardError">The standard error of <paramref name="BitsPerDim"/>: the deviation over images divided by √images; NaN for a single image.</param>
/// <param name="Images">How many images; none is left out.</param>
/// <param name="NoiseDraws">Noise draws an image, over which log p is averaged.</param>
/// <param name="PerImage">Bits per dimension of each image, in the order of the set.</param>
public sealed record EvaluationResult(
    double Nll, double BitsPerDim, double StandardError, int Images, int NoiseDraws, IReadOnlyList<double> PerImage);
