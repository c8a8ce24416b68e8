using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Nvp.Flows;

/// <summary>[N, C, H, W] → [N, 4C, H/2, W/2]: each 2x2 block of pixels becomes 4 channels. Moves only: log_det is 0.</summary>
public sealed class Squeeze(SqueezeOrder order = SqueezeOrder.ChannelMajor) : IFlow
{
    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass) => (x.Squeeze(order), LogDeterminants.Zero(x));

    /// <inheritdoc/>
    public Var Inverse(Var y) => y.Unsqueeze(order);
}
