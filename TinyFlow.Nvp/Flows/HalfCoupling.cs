using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// An affine coupling that changes one half of the channels, given the other half alone (the channel-wise mask of Dinh et
/// al. 2017, section 3.4): (a, t) = net(kept), s = scale·tanh(a), y = x·e^s + t or (x + t)·e^s in the changed half,
/// log_det = Σ s.
/// </summary>
public sealed class HalfCoupling : IFlow, IReversible
{
    private readonly ModelConstant _mask;
    private readonly INet _net;
    private readonly IOperand? _scale;
    private readonly CouplingForm _form;
    private readonly int _half, _changed, _kept;

    /// <summary>A coupling on images of the given shape.</summary>
    /// <param name="scope">Where the mask is declared, as <c>mask</c>.</param>
    /// <param name="image">[C, H, W], C even.</param>
    /// <param name="changesSecond">Whether it changes the second half of the channels rather than the first.</param>
    /// <param name="net">[N, C/2, H, W] → [N, C, H, W]: a, then t.</param>
    /// <param name="scale">A learned factor of tanh(a), [1], [C/2] or [C/2, H, W]; 1 if absent.</param>
    /// <param name="form">Whether x is scaled or shifted first.</param>
    /// <exception cref="ArgumentException">The number of channels is odd.</exception>
    public HalfCoupling(ParameterScope scope, Shape image, bool changesSecond, INet net, IOperand? scale = null, CouplingForm form = CouplingForm.ScaleThenShift)
    {
        if (image.Rank != 3 || image[0] % 2 != 0)
        {
            throw new ArgumentException($"HalfCoupling: need an image shape [C, H, W] with an even number of channels; found {image}.");
        }

        _half = image[0] / 2;
        (_changed, _kept) = changesSecond ? (_half, 0) : (0, _half);
        Shape half = image.With(0, _half);
        _mask = scope.Constant("mask", half, Masks.Channels(half, _ => true));
        _net = net;
        _scale = scale;
        _form = form;
    }

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass)
    {
        (Var changed, Var kept, Var h, Var? scale) = Condition(x, pass);
        (Var half, Var logDet) = changed.AffineCoupling(h, scale, _mask.Value, _form);
        return (JoinAndRelease(half, changed, kept, h, scale), logDet);
    }

    /// <inheritdoc/>
    public Var Inverse(Var y)
    {
        (Var changed, Var kept, Var h, Var? scale) = Condition(y, Pass.Evaluation);
        return JoinAndRelease(changed.AffineCouplingInverse(h, scale, _mask.Value, _form), changed, kept, h, scale);
    }

    /// <inheritdoc/>
    Rebuilt IReversible.Reverse(Tape outer, Tensor y, Tensor dy, Tensor dlogDet) => Reversal.OfCoupling(
        outer, y, dy, dlogDet,
        input => _net.Forward(Kept(input), Pass.Replay),
        (result, h) => Join(Changed(result).AffineCouplingInverse(h, _scale?.On(h.Tape), _mask.Value, _form), Kept(result)),
        (x, h) =>
        {
            (Var half, Var logDet) = Changed(x).AffineCoupling(h, _scale?.On(h.Tape), _mask.Value, _form);
            return (Join(half, Kept(x)), logDet);
        });

    private Var Changed(Var x) => x.Slice(1, _changed, _half);

    private Var Kept(Var x) => x.Slice(1, _kept, _half);

    private Var Join(Var changed, Var kept) => _changed == 0 ? Movement.Concat(1, changed, kept) : Movement.Concat(1, kept, changed);

    private (Var Changed, Var Kept, Var H, Var? Scale) Condition(Var x, Pass pass)
    {
        Var kept = Kept(x);
        return (Changed(x), kept, _net.Forward(kept, pass), _scale?.On(x.Tape));
    }

    private Var JoinAndRelease(Var half, Var changed, Var kept, Var h, Var? scale)
    {
        Var y = Join(half, kept);
        y.Tape.ReleaseAll(half, changed, kept, h);
        if (scale is not null)
        {
            y.Tape.Release(scale);
        }

        return y;
    }
}
