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
        Var a = _first.Forward(x, pass), b = a.InstanceNorm2D(Epsilon, Activation.Relu);
        Var c = _second.Forward(b, pass), d = c.InstanceNorm2D(Epsilon, Activation.None);
        Var sum = d + x, y = sum.Relu();
        x.Tape.ReleaseAll(a, b, c, d, sum);
        return y;
    }
}
