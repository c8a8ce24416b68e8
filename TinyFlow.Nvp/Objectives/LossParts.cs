using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Objectives;

/// <summary>What a loss is made of. All of its parts are combinations of a few means: one pass computes them.</summary>
/// <param name="Flow">What the flow makes of the batch.</param>
/// <param name="Dimensions">D.</param>
/// <param name="Dequantization">∓D·log 256.</param>
/// <param name="Penalty">The L2 term; null for none.</param>
/// <param name="PenaltyCounts">1 if the negative log-likelihood has it in it, as the loss has, or 0.</param>
/// <param name="BatchNorm">Scalars whose weighted sum is what batch norms within conditioners add.</param>
internal sealed record LossParts(
    FlowTerms Flow, int Dimensions, double Dequantization, Var? Penalty, double PenaltyCounts, params IReadOnlyList<(double Weight, Var Value)> BatchNorm)
{
    /// <summary>nll = −(log p(z) + log_det + batch norms + dequantization), and all parts.</summary>
    public LossTerms Terms()
    {
        double bits = Likelihood.NatsToBitsPerDim(1, Dimensions);
        Var[] scalars = Reductions.CombineMeans(
            [Flow.LogProbZ, Flow.LogDet, .. BatchNorm.Select(term => term.Value), .. Penalty is null ? (Var[])[] : [Penalty]],
            Row(-Dequantization, -1, -1, -1, 1),
            Row(-Dequantization, -1, -1, -1, PenaltyCounts),
            Row(-Dequantization * bits, -bits, -bits, -bits, PenaltyCounts * bits),
            Row(0, 1, 0, 0, 0),
            Row(0, 0, 1, 0, 0),
            Row(0, 0, 0, 1, 0),
            Row(Dequantization, 0, 0, 0, 0),
            Row(0, 0, 0, 0, 1));
        return new LossTerms(scalars[0], scalars[1], scalars[2], scalars[3], scalars[4], scalars[5], scalars[6], scalars[7]);
    }

    private (double Shift, double[] Weights) Row(double shift, double logProbZ, double logDet, double batchNorm, double penalty) =>
        (shift, [logProbZ, logDet, .. BatchNorm.Select(term => batchNorm * term.Weight), .. Penalty is null ? (double[])[] : [penalty]]);
}
