using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Nets;

/// <summary>
/// The conditioner of preset <c>paper</c>: batch norm, concat(x, −x), ReLU and a weight-normed conv3x3; then residual
/// blocks, whose outputs and input go through 1x1 convolutions into one sum (skip connections); batch norm, ReLU and a 1x1
/// convolution of that sum. All convolutions are weight-normed (Dinh et al. 2017, section 3.7, with the names of its
/// PyTorch port).
/// </summary>
internal sealed class PaperNet : INet
{
    // torch.nn.BatchNorm2d's defaults.
    private const double Epsilon = 1e-5, Momentum = 0.1;

    private readonly BatchNormLayer _inNorm, _outNorm;
    private readonly double _inFactor;
    private readonly ConvolutionLayer _inConvolution, _inSkip, _outConvolution;
    private readonly (PaperBlock Block, ConvolutionLayer Skip)[] _blocks;

    /// <summary>[N, channels, H, W] → [N, 2·channels, H, W].</summary>
    /// <param name="scope">Where it is declared.</param>
    /// <param name="channels">Of the input.</param>
    /// <param name="hidden">Channels within.</param>
    /// <param name="blocks">Residual blocks.</param>
    /// <param name="inFactor">What the normalized input is multiplied by: 2 if half of its pixels are masked to zero.</param>
    public PaperNet(ParameterScope scope, int channels, int hidden, int blocks, double inFactor)
    {
        _inNorm = new BatchNormLayer(scope / "in_norm", channels, new BatchNormSettings(Epsilon, Momentum, Activation.None));
        _inFactor = inFactor;
        _inConvolution = ConvolutionLayer.CreateNormed(scope / "in_conv" / "conv", 2 * channels, hidden, kernel: 3);
        _inSkip = ConvolutionLayer.CreateNormed(scope / "in_skip" / "conv", hidden, hidden, kernel: 1);
        _blocks =
        [
            .. Enumerable.Range(0, blocks).Select(i => (
                new PaperBlock(scope / "blocks" / i, hidden),
                ConvolutionLayer.CreateNormed(scope / "skips" / i / "conv", hidden, hidden, kernel: 1))),
        ];
        _outNorm = new BatchNormLayer(scope / "out_norm", hidden, NormAndRelu);
        _outConvolution = ConvolutionLayer.CreateNormed(scope / "out_conv" / "conv", hidden, 2 * channels, kernel: 1);
    }

    /// <summary>The batch norms that a ReLU follows.</summary>
    internal static BatchNormSettings NormAndRelu { get; } = new(Epsilon, Momentum, Activation.Relu);

    /// <inheritdoc/>
    public Var Forward(Var x, Pass pass)
    {
        Tape tape = x.Tape;
        Var h = Enter(x, pass), skips = _inSkip.Forward(h, pass);
        foreach ((PaperBlock block, ConvolutionLayer skip) in _blocks)
        {
            Var next = block.Forward(h, pass), part = skip.Forward(next, pass), sum = skips + part;
            tape.ReleaseAll(h, part, skips);
            (h, skips) = (next, sum);
        }

        Var y = _outConvolution.Forward(skips, _outNorm.Operands(tape, bias: null, pass));
        tape.ReleaseAll(h, skips);
        return y;
    }

    private Var Enter(Var x, Pass pass)
    {
        Var normal = _inNorm.Forward(x, pass), scaled = normal * _inFactor, negative = -scaled;
        Var both = Movement.Concat(1, scaled, negative), activated = both.Relu(), h = _inConvolution.Forward(activated, pass);
        x.Tape.ReleaseAll(normal, scaled, negative, both, activated);
        return h;
    }
}
