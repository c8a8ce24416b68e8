using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Models;

/// <summary>What a flow makes of a batch, per image. log p(x) = LogProbZ + LogDet, in nats.</summary>
/// <param name="Z">The latent variables, [N, …].</param>
/// <param name="LogProbZ">Their log density under the prior, [N].</param>
/// <param name="LogDet">log |det ∂z/∂x|, [N].</param>
public readonly record struct FlowTerms(Var Z, Var LogProbZ, Var LogDet);
