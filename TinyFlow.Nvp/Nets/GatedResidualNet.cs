using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Nets;

/// <summary>
/// A residual network without batch statistics: conv3x3, then blocks h + p·σ(q) with (p, q) = conv1x1(e(conv3x3(e(h)))),
/// then conv1x1(e(h)) whose weight starts at zero. e(h) is ELU of concat(h, −h), which keeps both signs
/// (the gated residual blocks of PixelCNN++, Salimans et al. 2017; Flow++, Ho et al. 2019).
/// </summary>
public sealed class GatedResidualNet : INet
{
    private readonly ConvolutionLayer _first, _last;
    private readonly (ConvolutionLayer Inner, ConvolutionLayer Gate)[] _blocks;

    /// <summary>[N, inputs, H, W] → [N, outputs, H, W]; the last bias starts at zero unless given.</summary>
    public GatedResidualNet(ParameterScope scope, int inputs, int outputs, int hidden, int blocks, Initializer? lastBias = null)
    {
        _first = ConvolutionLayer.Create(scope / "first", inputs, hidden, kernel: 3);
        _blocks = new (ConvolutionLayer, ConvolutionLayer)[blocks];
        for (int i = 0; i < blocks; i++)
        {
            ParameterScope block = scope / "blocks" / i;
            _blocks[i] = (
                ConvolutionLayer.Create(block / "inner", 2 * hidden, hidden, kernel: 3),
                ConvolutionLayer.Create(block / "gate", 2 * hidden, 2 * hidden, kernel: 1));
        }

        _last = ConvolutionLayer.CreateZero(scope / "last", 2 * hidden, outputs, kernel: 1, lastBias);
    }

    /// <inheritdoc/>
    public Var Forward(Var x, Pass pass)
    {
        Tape tape = x.Tape;
        Var h = _first.Forward(x, pass);
        foreach ((ConvolutionLayer inner, ConvolutionLayer gate) in _blocks)
        {
            Var a = OnBothSigns(inner, h, pass), b = OnBothSigns(gate, a, pass);
            Var next = h.GatedSum(b);
            tape.ReleaseAll(a, b, h);
            h = next;
        }

        Var y = OnBothSigns(_last, h, pass);
        tape.Release(h);
        return y;
    }

    private static Var OnBothSigns(ConvolutionLayer layer, Var h, Pass pass)
    {
        Var activated = h.ConcatElu(), y = layer.Forward(activated, pass);
        h.Tape.Release(activated);
        return y;
    }
}
