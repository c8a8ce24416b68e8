using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// y = (x + bias)·e^logScale per channel, with log_det = H·W·Σ logScale (Kingma and Dhariwal 2018, section 3.1). From
/// the first batch it gets the bias and scale that give each channel mean 0 and variance 1; unlike batch norm it then
/// treats every image by itself, in training and evaluation alike.
/// </summary>
public sealed class ActNorm : IFlow, IDataInitialized
{
    // A channel that is constant in the first batch would get an infinite scale.
    private const double SmallestDeviation = 1e-6;

    private readonly Parameter _bias, _logScale;
    private readonly StateBuffer _isInitialized;

    /// <summary>For images of the given number of channels; declares <c>bias</c>, <c>log_scale</c> and <c>initialized</c>.</summary>
    public ActNorm(ParameterScope scope, int channels)
    {
        _bias = scope.Parameter("bias", [channels], Initializers.Zero);
        _logScale = scope.Parameter("log_scale", [channels], Initializers.Zero);
        _isInitialized = scope.Buffer("initialized", [1], Initializers.Zero);
    }

    /// <inheritdoc/>
    public bool IsInitialized => _isInitialized.Value.Item() != 0;

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass)
    {
        Var logScale = _logScale.On(x.Tape), scale = logScale.Exp();
        Var shifted = x + PerChannel(_bias.On(x.Tape)), y = shifted * PerChannel(scale);
        x.Tape.ReleaseAll(shifted, scale);
        return (y, LogDeterminants.OfChannels(logScale, x));
    }

    /// <inheritdoc/>
    public Var Inverse(Var y)
    {
        Var negative = -_logScale.On(y.Tape), scale = negative.Exp();
        Var scaled = y * PerChannel(scale), x = scaled - PerChannel(_bias.On(y.Tape));
        y.Tape.ReleaseAll(scaled, scale, negative);
        return x;
    }

    /// <inheritdoc/>
    public void Initialize(Var x)
    {
        if (IsInitialized)
        {
            return;
        }

        // A tape of its own: the values are set, not recorded.
        using Tape tape = new(x.Backend, recording: false);
        Var data = tape.Constant(x.Value);
        Var mean = data.MeanOver(0, 2, 3), variance = data.VarianceOver(0, 2, 3);
        double[] deviations = variance.Value.ToDoubles();
        x.Backend.Write(Array.ConvertAll(mean.Value.ToDoubles(), value => -value), _bias.Value);
        x.Backend.Write(Array.ConvertAll(deviations, value => -Math.Log(Math.Sqrt(value) + SmallestDeviation)), _logScale.Value);
        x.Backend.Fill(_isInitialized.Value, 1);
    }

    private static Var PerChannel(Var values) => values.Reshape([1, values.Shape[0], 1, 1]);
}
