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
    public LossTerms Loss(FlowTerms terms) => new LossParts(
        terms, model.Dimensions, Likelihood.LogBinVolume(model.Dimensions), _penalty.On(terms.Z.Tape, terms.Z.Shape[0]), PenaltyCounts: 0).Terms();
}
