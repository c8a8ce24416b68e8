using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// A flow that knows a better way than <see cref="Reversal"/>'s own to rebuild its input in the backward pass of
/// training: because its parts are to be rebuilt one by one, or because its inverse computes what its gradient needs, or
/// because it used statistics that its inverse in evaluation does not.
/// </summary>
internal interface IReversible : IFlow
{
    /// <summary>
    /// Rebuilds x from y = f(x) of a training pass, and passes gradients on: those of parameters to the outer tape's,
    /// that of x to the result, which the caller disposes. The operands stay the caller's.
    /// </summary>
    /// <param name="outer">The tape that is being differentiated.</param>
    /// <param name="y">The output.</param>
    /// <param name="dy">Its gradient.</param>
    /// <param name="dlogDet">The gradient of log_det, [N].</param>
    Rebuilt Reverse(Tape outer, Tensor y, Tensor dy, Tensor dlogDet);
}

/// <summary>A step's input as rebuilt from its output, and the gradient of the loss with respect to it. Its user disposes it.</summary>
internal readonly record struct Rebuilt(Tensor X, Tensor Dx) : IDisposable
{
    /// <summary>Releases both.</summary>
    public void Dispose()
    {
        X.Dispose();
        Dx.Dispose();
    }
}
