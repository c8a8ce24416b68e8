using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Nets;

/// <summary>
/// A residual block of preset <c>bjlkeng</c>: conv3x3, instance norm, ReLU, conv3x3, instance norm, plus the input, ReLU;
/// no biases.
/// </summary>
internal sealed class KengBlock : INet
{
    private const double Epsilon = 1e-5; // torch.nn.InstanceNorm2d's default.

    private readonly ConvolutionLayer _first, _second;

    /// <summary>[N, planes, H, W] → the same; declares <c>conv1.weight</c> and <c>conv2.weight</c>.</summary>
    public KengBlock(ParameterScope scope, int planes)
    {
        _first = ConvolutionLayer.CreateWithoutBias(scope / "conv1", planes, planes, kernel: 3);
        _second = ConvolutionLayer.CreateWithoutBias(scope / "conv2", planes, planes, kernel: 3);
    }

    /// <inheritdoc/>
    public Var Forward(Var x, Pass pass)
    {
        Var a = _first.Forward(x, pass), b = _second.ForwardNormalized(a, Epsilon, Activation.Relu);
        Var y = b.InstanceNorm2D(x, Epsilon, Activation.Relu);
        x.Tape.ReleaseAll(a, b);
        return y;
    }
}
