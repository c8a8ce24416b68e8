using TinyFlow.Nvp.Objectives;

namespace TinyFlow.Nvp.Training;

/// <summary>The numbers of <see cref="LossTerms"/>: means over images, in nats an image unless said otherwise.</summary>
/// <param name="Loss">What was minimized.</param>
/// <param name="Nll">What the objective calls negative log-likelihood.</param>
/// <param name="BitsPerDim">Nll / (D · ln 2).</param>
/// <param name="LogProbZ">log density of z under the prior.</param>
/// <param name="LogDet">log-determinant of the flow.</param>
/// <param name="BatchNorm">The published notebook's batch norm term; 0 in a likelihood.</param>
/// <param name="Dequantization">∓D·log 256.</param>
/// <param name="L2">The coefficient times Σ weight².</param>
public readonly record struct LossValues(
    double Loss, double Nll, double BitsPerDim, double LogProbZ, double LogDet, double BatchNorm, double Dequantization, double L2)
{
    /// <summary>Reads the terms; waits for the device.</summary>
    public static LossValues Of(LossTerms terms) => new(
        terms.Loss.Value.Item(), terms.Nll.Value.Item(), terms.BitsPerDim.Value.Item(), terms.LogProbZ.Value.Item(),
        terms.LogDet.Value.Item(), terms.BatchNorm.Value.Item(), terms.Dequantization.Value.Item(), terms.L2.Value.Item());

    /// <summary>Term by term, a + b.</summary>
    public static LossValues operator +(LossValues a, LossValues b) => new(
        a.Loss + b.Loss, a.Nll + b.Nll, a.BitsPerDim + b.BitsPerDim, a.LogProbZ + b.LogProbZ,
        a.LogDet + b.LogDet, a.BatchNorm + b.BatchNorm, a.Dequantization + b.Dequantization, a.L2 + b.L2);

    /// <summary>Term by term, a · factor.</summary>
    public static LossValues operator *(LossValues a, double factor) => new(
        a.Loss * factor, a.Nll * factor, a.BitsPerDim * factor, a.LogProbZ * factor,
        a.LogDet * factor, a.BatchNorm * factor, a.Dequantization * factor, a.L2 * factor);

    internal double[] ToArray() => [Loss, Nll, BitsPerDim, LogProbZ, LogDet, BatchNorm, Dequantization, L2];

    internal static LossValues FromArray(ReadOnlySpan<double> v) => new(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
}
