using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Nets;

/// <summary>A convolution with bias that keeps height and width (odd kernel, zero padding), as torch.nn.Conv2d.</summary>
public sealed class ConvolutionLayer : INet
{
    private readonly Parameter _weight, _bias;
    private readonly ConvolutionWindow _window;

    private ConvolutionLayer(ParameterScope scope, int inputs, int outputs, int kernel, Initializer weight, Initializer bias)
    {
        _weight = scope.Parameter("weight", [outputs, inputs, kernel, kernel], weight);
        _bias = scope.Parameter("bias", [outputs], bias);
        _window = new ConvolutionWindow(1, kernel / 2);
    }

    /// <summary>Weights and biases start as in torch.nn.Conv2d.</summary>
    /// <param name="scope">Where <c>weight</c> [outputs, inputs, kernel, kernel] and <c>bias</c> [outputs] are declared.</param>
    /// <param name="inputs">Channels of the input.</param>
    /// <param name="outputs">Channels of the output.</param>
    /// <param name="kernel">Height and width of the kernel: odd.</param>
    public static ConvolutionLayer Create(ParameterScope scope, int inputs, int outputs, int kernel) =>
        new(scope, inputs, outputs, kernel, Initializers.FanIn(inputs * kernel * kernel), Initializers.FanIn(inputs * kernel * kernel));

    /// <summary>
    /// Weights start at zero, and biases do unless given: as the last layer of a conditioner, it makes the coupling start
    /// as the same map everywhere, which for an affine coupling is the identity.
    /// </summary>
    public static ConvolutionLayer CreateZero(ParameterScope scope, int inputs, int outputs, int kernel, Initializer? bias = null) =>
        new(scope, inputs, outputs, kernel, Initializers.Zero, bias ?? Initializers.Zero);

    /// <inheritdoc/>
    public Var Forward(Var x, Pass pass) => x.Conv2D(_weight.On(x.Tape), _bias.On(x.Tape), _window);
}
