using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// A flow that has a better way than to be differentiated as a whole where its input is known, because it has steps
/// within.
/// </summary>
internal interface IReplayed : IFlow
{
    /// <summary>
    /// Computes a training pass anew and passes gradients on: those of parameters to the outer tape's, that of x to the
    /// result, which owns x.
    /// </summary>
    /// <param name="outer">The tape that is being differentiated.</param>
    /// <param name="x">The input.</param>
    /// <param name="dy">The gradient of the output.</param>
    /// <param name="dlogDet">The gradient of log_det, [N].</param>
    Rebuilt Replay(Tape outer, Tensor x, Tensor dy, Tensor dlogDet);
}
