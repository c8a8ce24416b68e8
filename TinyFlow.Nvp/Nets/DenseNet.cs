using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Nets;

/// <summary>
/// Three fully connected layers with ELU between them, the last of which starts at zero: what sees a whole image at once.
/// </summary>
public sealed class DenseNet : INet
{
    private readonly DenseLayer _first, _second, _last;

    /// <summary>[N, inputs, 1, 1] → [N, outputs, 1, 1].</summary>
    public DenseNet(ParameterScope scope, int inputs, int outputs, int hidden)
    {
        _first = DenseLayer.Create(scope / "first", inputs, hidden);
        _second = DenseLayer.Create(scope / "second", hidden, hidden);
        _last = DenseLayer.CreateZero(scope / "last", hidden, outputs);
    }

    /// <inheritdoc/>
    public Var Forward(Var x, Pass pass)
    {
        int images = x.Shape[0];
        Var vectors = x.Reshape([images, x.Shape[1]]);
        Var a = _first.Forward(vectors), h = a.Elu(), b = _second.Forward(h), g = b.Elu(), last = _last.Forward(g);
        Var y = last.Reshape([images, last.Shape[1], 1, 1]);
        x.Tape.ReleaseAll(vectors, a, h, b, g, last);
        return y;
    }
}
