using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Nvp.Flows;

/// <summary>[N, 4C, H, W] → [N, C, 2H, 2W]: undoes a <see cref="Squeeze"/> of the same order. Moves only: log_det is 0.</summary>
public sealed class Unsqueeze(SqueezeOrder order = SqueezeOrder.ChannelMajor) : IFlow
{
    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass) => (x.Unsqueeze(order), LogDeterminants.Zero(x));

    /// <inheritdoc/>
    public Var Inverse(Var y) => y.Squeeze(order);
}
