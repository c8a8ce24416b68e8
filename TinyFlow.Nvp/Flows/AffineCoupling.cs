using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// The affine coupling of Real NVP (Dinh et al. 2017, equations 7 to 9) with a mask m that is 1 where it changes x:
/// (a, t) = net(x·(1 − m)), s = scale·tanh(a), y = x·(1 − m) + m·(x·e^s + t), log_det = Σ m·s. Whatever the net is,
/// the inverse is exact, because the net sees only what the coupling passes on.
/// </summary>
public sealed class AffineCoupling : IFlow, IReversible
{
    private readonly ModelConstant _mask, _kept;
    private readonly INet _net;
    private readonly IOperand? _scale;
    private readonly CouplingForm _form;

    /// <summary>A coupling on images of the given shape.</summary>
    /// <param name="scope">Where the masks are declared, as <c>mask</c> and <c>kept</c>.</param>
    /// <param name="image">[C, H, W].</param>
    /// <param name="mask">Its numbers, row-major: see <see cref="Masks"/>.</param>
    /// <param name="net">[N, C, H, W] → [N, 2C, H, W]: a, then t.</param>
    /// <param name="scale">A learned factor of tanh(a), [1], [C] or [C, H, W]; 1 if absent.</param>
    /// <param name="form">Whether x is scaled or shifted first.</param>
    public AffineCoupling(
        ParameterScope scope, Shape image, float[] mask, INet net, IOperand? scale = null, CouplingForm form = CouplingForm.ScaleThenShift)
    {
        _mask = scope.Constant("mask", image, mask);
        _kept = scope.Constant("kept", image, Masks.Invert(mask));
        _net = net;
        _scale = scale;
        _form = form;
    }

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass)
    {
        (Var y, Var logDet, _) = Forward(x, kept: null, next: null, pass);
        return (y, logDet);
    }

    /// <summary>
    /// The same between neighbours: with x·(1 − m) if the coupling before has computed that, and then with what the next one
    /// keeps of y.
    /// </summary>
    internal (Var Y, Var LogDet, Var? Kept) Forward(Var x, Var? kept, AffineCoupling? next, Pass pass)
    {
        Var h = kept is null ? Condition(x, pass) : ConditionOn(kept, pass);
        Var? scale = _scale?.On(x.Tape);
        (Var Y, Var LogDet, Var? Kept) result;
        if (next is null)
        {
            (Var y, Var logDet) = x.AffineCoupling(h, scale, _mask.Value, _form);
            result = (y, logDet, null);
        }
        else
        {
            result = x.AffineCoupling(h, scale, _mask.Value, _form, next._kept.Value);
        }

        ReleaseNet(h, scale);
        return result;
    }

    /// <inheritdoc/>
    public Var Inverse(Var y)
    {
        Var h = Condition(y, Pass.Evaluation);
        Var? scale = _scale?.On(y.Tape);
        Var x = y.AffineCouplingInverse(h, scale, _mask.Value, _form);
        ReleaseNet(h, scale);
        return x;
    }

    /// <inheritdoc/>
    Rebuilt IReversible.Reverse(Tape outer, Tensor y, Tensor dy, Tensor dlogDet) => Reversal.OfCoupling(
        outer, y, dy, dlogDet,
        kept => Condition(kept, Pass.Replay),
        (result, h) => result.AffineCouplingInverse(h, _scale?.On(h.Tape), _mask.Value, _form),
        (x, h) => x.AffineCoupling(h, _scale?.On(h.Tape), _mask.Value, _form));

    private Var Condition(Var x, Pass pass) => ConditionOn(x * _kept.On(x.Tape), pass);

    private Var ConditionOn(Var kept, Pass pass)
    {
        Var h = _net.Forward(kept, pass);
        kept.Tape.Release(kept);
        return h;
    }

    private static void ReleaseNet(Var h, Var? scale)
    {
        h.Tape.Release(h);
        if (scale is not null)
        {
            h.Tape.Release(scale);
        }
    }
}
