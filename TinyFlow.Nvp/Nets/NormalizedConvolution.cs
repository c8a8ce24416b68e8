using TinyFlow.Autograd;
using TinyFlow.Nvp.Flows;

namespace TinyFlow.Nvp.Nets;

/// <summary>A convolution and the batch norm of its result.</summary>
internal sealed class NormalizedConvolution(ConvolutionLayer convolution, BatchNormLayer norm) : INet
{
    /// <inheritdoc/>
    public Var Forward(Var x, Pass pass) => convolution.ForwardThrough(norm, x, pass);
}
