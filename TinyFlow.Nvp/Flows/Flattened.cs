using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// A flow on images as vectors: [N, C, H, W] goes through the inner flow as [N, C·H·W, 1, 1] and comes back. Moving
/// elements changes no volume, so the log_det is the inner flow's.
/// </summary>
public sealed class Flattened : IFlow, IDataInitialized, IReversible, IComposite
{
    private readonly Shape _image;
    private readonly IFlow _inner;

    /// <summary>For images [C, H, W] and a flow of [C·H·W, 1, 1].</summary>
    public Flattened(Shape image, IFlow inner) => (_image, _inner) = (image, inner);

    /// <inheritdoc/>
    public bool IsInitialized => _inner is not IDataInitialized { IsInitialized: false };

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass) => ((IComposite)this).Forward(x, pass, note: null);

    /// <inheritdoc/>
    (Var Y, Var LogDet) IComposite.Forward(Var x, Pass pass, Action<string, Var>? note)
    {
        Var flat = Flat(x);
        (Var y, Var logDet) = _inner.Forward(flat, pass, note);
        return (Image(y, flat), logDet);
    }

    /// <inheritdoc/>
    public Var Inverse(Var y)
    {
        Var flat = Flat(y);
        return Image(_inner.Inverse(flat), flat);
    }

    /// <inheritdoc/>
    public void Initialize(Var x) => (_inner as IDataInitialized)?.Initialize(Flat(x));

    /// <inheritdoc/>
    Rebuilt IReversible.Reverse(Tape outer, Tensor y, Tensor dy, Tensor dlogDet)
    {
        Shape vector = [y.Shape[0], checked((int)_image.Count), 1, 1];
        using Tensor flat = y.Reshape(vector), dflat = dy.Reshape(vector);
        using Rebuilt inner = Reversal.Of(_inner, outer, flat, dflat, dlogDet);
        return new Rebuilt(inner.X.Reshape(y.Shape), inner.Dx.Reshape(y.Shape));
    }

    private Var Flat(Var x) => x.Reshape([x.Shape[0], checked((int)_image.Count), 1, 1]);

    private Var Image(Var y, Var flat)
    {
        Var image = y.Reshape([y.Shape[0], _image[0], _image[1], _image[2]]);
        y.Tape.ReleaseAll(y, flat);
        return image;
    }
}
