using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// A multi-scale step (Dinh et al. 2017, section 3.6): the first channels go on through an inner flow, the others are
/// factored out as latent variables. The latter meet the model's prior as they are, or first a learned one that depends
/// on the channels that went on. The log_det is the inner flow's plus the prior's.
/// </summary>
public sealed class FactorOut : IFlow, IDataInitialized, IReversible, IComposite
{
    private readonly Shape _going, _leaving;
    private readonly IFlow _inner;
    private readonly FactorOutLayout _layout;
    private readonly ConditionalGaussian? _prior;

    /// <summary>A step on images of the given shape.</summary>
    /// <param name="image">[C, H, W].</param>
    /// <param name="inner">A flow of the channels that go on, the first ⌈C/2⌉: [⌈C/2⌉, H, W].</param>
    /// <param name="layout">How both parts come together.</param>
    /// <param name="prior">Of the ⌊C/2⌋ channels factored out, given those that go on; absent, the model's prior.</param>
    /// <exception cref="ArgumentException">There are no two channels to part.</exception>
    public FactorOut(Shape image, IFlow inner, FactorOutLayout layout, ConditionalGaussian? prior = null)
    {
        if (image.Rank != 3 || image[0] < 2)
        {
            throw new ArgumentException($"FactorOut: need an image shape [C, H, W] of at least 2 channels; found {image}. Squeeze it first.");
        }

        _leaving = image.With(0, image[0] / 2);
        _going = image.With(0, image[0] - _leaving[0]);
        _inner = inner;
        _layout = layout;
        _prior = prior;
    }

    /// <inheritdoc/>
    public bool IsInitialized => _inner is not IDataInitialized { IsInitialized: false };

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass) => ((IComposite)this).Forward(x, pass, note: null);

    /// <inheritdoc/>
    (Var Y, Var LogDet) IComposite.Forward(Var x, Pass pass, Action<string, Var>? note)
    {
        Tape tape = x.Tape;
        Var going = Going(x), leaving = x.Slice(1, _going[0], _leaving[0]);
        (Var inner, Var logDet) = _inner.Forward(going, pass, note);
        if (_prior is not null)
        {
            (Var noise, Var priorLogDet) = _prior.Forward(leaving, going, pass);
            note?.Invoke(nameof(ConditionalGaussian), priorLogDet);
            Var total = logDet + priorLogDet;
            tape.ReleaseAll(leaving, logDet, priorLogDet);
            (leaving, logDet) = (noise, total);
        }

        Var y = Join(inner, leaving);
        tape.ReleaseAll(inner, leaving, going);
        return (y, logDet);
    }

    /// <inheritdoc/>
    public Var Inverse(Var y)
    {
        Tape tape = y.Tape;
        (Var inner, Var leaving) = Part(y);
        Var going = _inner.Inverse(inner);
        if (_prior is not null)
        {
            Var noise = leaving;
            leaving = _prior.Inverse(noise, going);
            tape.Release(noise);
        }

        Var x = Movement.Concat(1, going, leaving);
        tape.ReleaseAll(going, leaving, inner);
        return x;
    }

    /// <inheritdoc/>
    public void Initialize(Var x)
    {
        if (_inner is IDataInitialized inner)
        {
            Var going = Going(x);
            inner.Initialize(going);
            x.Tape.Release(going);
        }
    }

    /// <inheritdoc/>
    Rebuilt IReversible.Reverse(Tape outer, Tensor y, Tensor dy, Tensor dlogDet)
    {
        using Tape still = new(outer.Backend, recording: false);
        (Var inner, Var noise) = Part(still.Constant(y));
        (Var dinner, Var dnoise) = Part(still.Constant(dy));
        using Rebuilt going = Reversal.Of(_inner, outer, inner.Value, dinner.Value, dlogDet);
        if (_prior is null)
        {
            return Joined(still, going.X, noise.Value, going.Dx, dnoise.Value);
        }

        Var leaving = _prior.Inverse(noise, still.Constant(going.X), Pass.Replay);
        using Tensor dleaving = outer.Backend.Allocate(leaving.Shape, "the gradient of what is factored out");
        using Tensor dcontext = outer.Backend.Allocate(going.X.Shape, "the gradient of a prior's context");
        using (Tape tape = outer.Nested())
        {
            (Var again, Var logDet) = _prior.Forward(tape.Input(leaving.Value, dleaving), tape.Input(going.X, dcontext), Pass.Replay);
            tape.BackwardFrom(again, dnoise.Value, logDet, dlogDet);
        }

        outer.Backend.ScaleShift(dcontext, 1, 0, Sink.AddTo(going.Dx));
        return Joined(still, going.X, leaving.Value, going.Dx, dleaving);
    }

    private static Rebuilt Joined(Tape still, Tensor going, Tensor leaving, Tensor dgoing, Tensor dleaving)
    {
        Tensor Concat(Tensor first, Tensor second) => still.Detach(Movement.Concat(1, still.Constant(first), still.Constant(second)));
        return new Rebuilt(Concat(going, leaving), Concat(dgoing, dleaving));
    }

    private Var Going(Var x) => x.Slice(1, 0, _going[0]);

    private Var Join(Var inner, Var leaving)
    {
        if (_layout == FactorOutLayout.InPlace)
        {
            return Movement.Concat(1, inner, leaving);
        }

        Var vector = leaving.Reshape([leaving.Shape[0], checked((int)_leaving.Count), 1, 1]), y = Movement.Concat(1, vector, inner);
        y.Tape.Release(vector);
        return y;
    }

    private (Var Inner, Var Leaving) Part(Var y)
    {
        if (_layout == FactorOutLayout.InPlace)
        {
            return (y.Slice(1, 0, _going[0]), y.Slice(1, _going[0], _leaving[0]));
        }

        int size = checked((int)_leaving.Count);
        Var vector = y.Slice(1, 0, size), leaving = vector.Reshape([y.Shape[0], _leaving[0], _leaving[1], _leaving[2]]);
        y.Tape.Release(vector);
        return (y.Slice(1, size, y.Shape[1] - size), leaving);
    }
}
