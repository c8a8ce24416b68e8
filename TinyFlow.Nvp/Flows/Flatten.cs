using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Nvp.Flows;

/// <summary>[N, C, H, W] → [N, C·H·W, 1, 1], row-major. Moves only: log_det is 0.</summary>
public sealed class Flatten(Shape image) : IFlow
{
    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass) =>
        (x.Reshape([x.Shape[0], checked((int)image.Count), 1, 1]), LogDeterminants.Zero(x));

    /// <inheritdoc/>
    public Var Inverse(Var y) => y.Reshape([y.Shape[0], image[0], image[1], image[2]]);
}
