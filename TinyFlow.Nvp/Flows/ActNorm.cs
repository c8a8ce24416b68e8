using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// y = (x + bias)·e^logScale per channel, with log_det = H·W·Σ logScale (Kingma and Dhariwal 2018, section 3.1). From
/// the first batch it gets the bias and scale that give each channel mean 0 and variance 1; unlike batch norm it then
/// treats every image by itself, in training and evaluation alike. From n values in a channel it gets a scale of √n at
/// most, which matters where there are but a few images.
/// </summary>
public sealed class ActNorm : IFlow, IDataInitialized
{
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

        // n values are taken to scatter, Σ (x − mean)², at least as much as a single value of variance 1 does. A channel of
        // one value, as each pixel of one image is to a layer over whole images, so keeps its scale; two values that lie
        // together by chance say little about others, which a scale of thousands would send far out of the prior's reach.
        double leastVariance = (double)x.Shape[1] / x.Shape.Count;
        x.Backend.Write(Array.ConvertAll(mean.Value.ToDoubles(), value => -value), _bias.Value);
        x.Backend.Write(Array.ConvertAll(variance.Value.ToDoubles(), value => -Math.Log(Math.Max(value, leastVariance)) / 2), _logScale.Value);
        x.Backend.Fill(_isInitialized.Value, 1);
    }

    private static Var PerChannel(Var values) => values.Reshape([1, values.Shape[0], 1, 1]);
}
