using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Nets;

/// <summary>A convolution that keeps height and width (odd kernel, zero padding), as torch.nn.Conv2d.</summary>
public sealed class ConvolutionLayer : INet
{
    private readonly IOperand _weight;
    private readonly Parameter? _bias;
    private readonly ConvolutionWindow _window;

    private ConvolutionLayer(IOperand weight, Parameter? bias, int kernel)
    {
        _weight = weight;
        _bias = bias;
        _window = new ConvolutionWindow(1, kernel / 2);
    }

    /// <summary>Weights and biases start as in torch.nn.Conv2d.</summary>
    /// <param name="scope">Where <c>weight</c> [outputs, inputs, kernel, kernel] and <c>bias</c> [outputs] are declared.</param>
    /// <param name="inputs">Channels of the input.</param>
    /// <param name="outputs">Channels of the output.</param>
    /// <param name="kernel">Height and width of the kernel: odd.</param>
    public static ConvolutionLayer Create(ParameterScope scope, int inputs, int outputs, int kernel) =>
        Plain(scope, inputs, outputs, kernel, Initializers.FanIn(inputs * kernel * kernel));

    /// <summary>
    /// Weights start at zero, and biases do unless given: as the last layer of a conditioner, it makes the coupling start
    /// as the same map everywhere, which for an affine coupling is the identity.
    /// </summary>
    public static ConvolutionLayer CreateZero(ParameterScope scope, int inputs, int outputs, int kernel, Initializer? bias = null) =>
        Plain(scope, inputs, outputs, kernel, Initializers.Zero, bias);

    /// <summary>Without bias; weights start as in torch.nn.Conv2d.</summary>
    public static ConvolutionLayer CreateWithoutBias(ParameterScope scope, int inputs, int outputs, int kernel)
    {
        Shape shape = [outputs, inputs, kernel, kernel];
        return new(scope.Parameter("weight", shape, Initializers.FanIn(inputs * kernel * kernel)), null, kernel);
    }

    /// <summary>Under weight normalization; weights and biases start as in torch.nn.Conv2d.</summary>
    public static ConvolutionLayer CreateNormed(ParameterScope scope, int inputs, int outputs, int kernel) =>
        new(Normed(scope, inputs, outputs, kernel), scope.Parameter("bias", [outputs], Initializers.FanIn(inputs * kernel * kernel)), kernel);

    /// <summary>Under weight normalization and without bias; weights start as in torch.nn.Conv2d.</summary>
    public static ConvolutionLayer CreateNormedWithoutBias(ParameterScope scope, int inputs, int outputs, int kernel) =>
        new(Normed(scope, inputs, outputs, kernel), null, kernel);

    /// <inheritdoc/>
    public Var Forward(Var x, Pass pass) => Forward(x, norm: null);

    /// <summary>Of x after a batch norm, which may be absent.</summary>
    internal Var Forward(Var x, BatchNormOperands? norm)
    {
        Var weight = _weight.On(x.Tape);
        Var? bias = Bias(x.Tape);
        Var y = norm is null ? x.Conv2D(weight, bias, _window) : x.NormalizedConv2D(norm, weight, bias, _window);
        x.Tape.Release(weight);
        return y;
    }

    /// <summary>The same into another batch norm, to which it leaves its bias, and for which it may take the statistics.</summary>
    internal (Var Y, BatchNormOperands Following) ForwardInto(BatchNormLayer following, Var x, BatchNormOperands? norm, Pass pass)
    {
        Var weight = _weight.On(x.Tape);
        (Var, BatchNormOperands) result = x.MeasuredConv2D(norm, weight, bias: null, _window, following.Operands(x.Tape, Bias(x.Tape), pass));
        x.Tape.Release(weight);
        return result;
    }

    /// <summary>Of x after an instance norm and an activation.</summary>
    internal Var ForwardNormalized(Var x, double epsilon, Activation activation)
    {
        Var weight = _weight.On(x.Tape), y = x.InstanceNormalizedConv2D(epsilon, activation, weight, Bias(x.Tape), _window);
        x.Tape.Release(weight);
        return y;
    }

    private Var? Bias(Tape tape) => _bias?.On(tape);

    private static ConvolutionLayer Plain(ParameterScope scope, int inputs, int outputs, int kernel, Initializer weight, Initializer? bias = null) =>
        new(scope.Parameter("weight", [outputs, inputs, kernel, kernel], weight), scope.Parameter("bias", [outputs], bias ?? weight), kernel);

    private static NormedWeight Normed(ParameterScope scope, int inputs, int outputs, int kernel) =>
        new(scope, [outputs, inputs, kernel, kernel], Initializers.FanIn(inputs * kernel * kernel));
}
