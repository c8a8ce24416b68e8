using TinyFlow.Autograd;
using TinyFlow.Nvp.Flows;

namespace TinyFlow.Nvp.Nets;

/// <summary>A network or a layer of one: any differentiable map of images. It need not be invertible.</summary>
public interface INet
{
    /// <summary>The result for x [N, C, H, W]; on a tape that does not record it leaves nothing else behind.</summary>
    Var Forward(Var x, Pass pass);
}
