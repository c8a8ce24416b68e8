using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Flows;

/// <summary>An invertible map of images whose log |det Jacobian| is known.</summary>
public interface IFlow
{
    /// <summary>y = f(x) of x [N, …], together with log |det ∂y/∂x| of each image, [N].</summary>
    (Var Y, Var LogDet) Forward(Var x, Pass pass);

    /// <summary>x of <see cref="Forward"/> in evaluation. It has no mode: it always uses the stored statistics.</summary>
    Var Inverse(Var y);
}
