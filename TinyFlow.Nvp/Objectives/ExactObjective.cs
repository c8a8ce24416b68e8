using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Objectives;

/// <summary>
/// nll = −mean(log p(z) + log_det) + D·log 256, a bound on the negative log-likelihood of the pixels under uniform
/// dequantization. The loss adds the L2 term; the nll reported does not.
/// </summary>
internal sealed class ExactObjective(FlowModel model, double l2, PenaltyKind kind) : IObjective
{
    private readonly WeightPenalty _penalty = new(model, l2, kind);

    /// <inheritdoc/>
    public ObjectiveKind Kind => ObjectiveKind.Exact;

    /// <inheritdoc/>
    public bool IsLikelihood => true;

    /// <inheritdoc/>
    public LossTerms Loss(FlowTerms terms)
    {
        Tape tape = terms.Z.Tape;
        int dimensions = model.Dimensions;
        Var logProbZ = terms.LogProbZ.Mean(), logDet = terms.LogDet.Mean(), penalty = _penalty.On(tape, terms.Z.Shape[0]);
        Var nll = Arithmetic.Combine(Likelihood.Nll(0, dimensions), (-1, logProbZ), (-1, logDet));
        return new LossTerms(
            nll + penalty, nll, nll * Likelihood.NatsToBitsPerDim(1, dimensions), logProbZ, logDet,
            Scalars.Constant(tape, 0), Scalars.Constant(tape, Likelihood.LogBinVolume(dimensions)), penalty);
    }
}
