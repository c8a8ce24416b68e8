using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Objectives;

/// <summary>
/// A loss and its parts, all scalars, as means over the batch, in nats unless said otherwise; they stay readable after
/// the backward pass. Only the loss has a gradient. The terms of the log-likelihood have its sign, so that
/// nll = −(LogProbZ + LogDet + BatchNorm + Dequantization), plus L2 where the objective publishes it so.
/// </summary>
/// <param name="Loss">What is minimized.</param>
/// <param name="Nll">What the objective calls negative log-likelihood.</param>
/// <param name="BitsPerDim">Nll / (D · ln 2).</param>
/// <param name="LogProbZ">log density of z under the prior.</param>
/// <param name="LogDet">log-determinant of the flow.</param>
/// <param name="BatchNorm">What the objective adds for batch norms within conditioners; 0 in a likelihood.</param>
/// <param name="Dequantization">∓D·log 256.</param>
/// <param name="L2">The L2 term: the coefficient times Σ weight², or what else <see cref="PenaltyKind"/> says.</param>
public sealed record LossTerms(
    Var Loss, Var Nll, Var BitsPerDim, Var LogProbZ, Var LogDet, Var BatchNorm, Var Dequantization, Var L2);
