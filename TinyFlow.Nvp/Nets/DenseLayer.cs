using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Nets;

/// <summary>y = x·Wᵀ + b with PyTorch's names and initialization (torch.nn.Linear).</summary>
public sealed class DenseLayer
{
    private readonly Parameter _weight, _bias;

    private DenseLayer(ParameterScope scope, int inputs, int outputs, Initializer initializer)
    {
        _weight = scope.Parameter("weight", [outputs, inputs], initializer);
        _bias = scope.Parameter("bias", [outputs], initializer);
    }

    /// <summary>Weights and biases uniform on ±1/√inputs.</summary>
    public static DenseLayer Create(ParameterScope scope, int inputs, int outputs) => new(scope, inputs, outputs, Initializers.FanIn(inputs));

    /// <summary>Weights and biases zero: a coupling starts as the identity.</summary>
    public static DenseLayer CreateZero(ParameterScope scope, int inputs, int outputs) => new(scope, inputs, outputs, Initializers.Zero);

    /// <summary>[N, inputs] → [N, outputs].</summary>
    public Var Forward(Var x)
    {
        Var product = x.MatMul(_weight.On(x.Tape), transposeRight: true);
        Var y = product + _bias.On(x.Tape);
        x.Tape.Release(product);
        return y;
    }
}
