using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Nets;

/// <summary>
/// The conditioner of preset <c>bjlkeng</c>: two separate networks S and T, of which it makes
/// (a, t) = (S(x), t_scale·T(x) + t_bias), with a factor and a bias for each element of the image.
/// </summary>
internal sealed class KengNet : INet
{
    private readonly INet _s, _t;
    private readonly Parameter _scale, _bias;

    /// <summary>[N, C, H, W] → [N, 2C, H, W].</summary>
    /// <param name="root">Where <c>s.I</c>, <c>t.I</c>, <c>t_scale.I</c> and <c>t_bias.I</c> are declared.</param>
    /// <param name="coupling">I.</param>
    /// <param name="image">[C, H, W].</param>
    /// <param name="planes">Channels within both networks.</param>
    /// <param name="blocks">Residual blocks of each.</param>
    public KengNet(ParameterScope root, int coupling, Shape image, int planes, int blocks)
    {
        _s = Network(root / "s" / coupling, image[0], planes, blocks);
        _t = Network(root / "t" / coupling, image[0], planes, blocks);
        _scale = (root / "t_scale").Parameter($"{coupling}", image, Initializers.Zero);
        _bias = (root / "t_bias").Parameter($"{coupling}", image, Initializers.Zero);
    }

    /// <inheritdoc/>
    public Var Forward(Var x, Pass pass)
    {
        Tape tape = x.Tape;
        Var a = _s.Forward(x, pass), translation = _t.Forward(x, pass);
        Var scaled = translation * _scale.On(tape), t = scaled + _bias.On(tape), h = Movement.Concat(1, a, t);
        tape.ReleaseAll(a, translation, scaled, t);
        return h;
    }

    // Named as the elements of a torch.nn.Sequential: conv3x3, blocks, conv3x3, without biases.
    private static Sequential Network(ParameterScope scope, int channels, int planes, int blocks) => new(
    [
        ConvolutionLayer.CreateWithoutBias(scope / 0, channels, planes, kernel: 3),
        .. Enumerable.Range(1, blocks).Select(i => new KengBlock(scope / i, planes)),
        ConvolutionLayer.CreateWithoutBias(scope / (blocks + 1), planes, channels, kernel: 3),
    ]);
}
