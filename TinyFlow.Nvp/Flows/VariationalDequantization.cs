using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Pointwise;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// Variational dequantization (Ho et al. 2019, section 3.1) as a step of the flow: the uniform noise u of
/// x = (pixel + u)/levels becomes noise g(u) whose distribution depends on all pixels, y = (pixel + g(u))/levels. The bound
/// E[log p(y) − log q(g(u) | pixels)] has −log q = log |g'(u)|, which is this map's log_det: likelihoods, samples and
/// their inverses need nothing else. g is a chain of mixture couplings between logit and sigmoid, on squeezed images, that
/// never leaves the pixel's bin.
/// </summary>
public sealed class VariationalDequantization : IFlow
{
    // The step of u next to the largest of 256 pixels, in float32.
    private const double Step = 1.0 / (1 << 16);

    // u may be 0: what has a logit is the part of the bin that is this far from its edges.
    private const double Margin = Step / 4;

    // Rounding may put g(u) on the bin's edge, where the logit is infinite.
    private const double Edge = 1.0 / (1 << 24);

    private readonly LogitTransform _logit = new(1 - 2 * Margin);
    private readonly int _levels;
    private readonly MixtureCoupling[] _couplings;

    /// <summary>
    /// For pixels of so many levels, with couplings of 4C channels whose nets see the 2C that stay, and then the 4C pixels of
    /// a squeezed image as numbers on [−1, 1).
    /// </summary>
    public VariationalDequantization(int levels, params ReadOnlySpan<MixtureCoupling> couplings) => (_levels, _couplings) = (levels, couplings.ToArray());

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass)
    {
        Tape tape = x.Tape;
        (Var pixels, Var uniform) = Split(x);
        Var context = Context(pixels);
        (Var v, Var logDet) = _logit.Forward(uniform, pass);
        List<Var> logDets = [logDet];
        Var noise = v.Squeeze(SqueezeOrder.Alternative);
        tape.ReleaseAll(uniform, v);
        foreach (MixtureCoupling coupling in _couplings)
        {
            (Var next, Var more) = coupling.ForwardGiven(context, noise, pass);
            logDets.Add(more);
            tape.Release(noise);
            noise = next;
        }

        Var w = noise.Unsqueeze(SqueezeOrder.Alternative), logSlope = LogitTransform.LogSlope(w), undone = -logSlope;
        Var y = Join(pixels, w.Sigmoid());
        tape.ReleaseAll(context, pixels, noise, w, logSlope);
        return (y, LogDeterminants.Total([.. logDets, undone]));
    }

    /// <inheritdoc/>
    public Var Inverse(Var y)
    {
        Tape tape = y.Tape;
        (Var pixels, Var placed) = Split(y);
        Var context = Context(pixels), w = Within(placed, Edge, 1 - Edge).Logit(), noise = w.Squeeze(SqueezeOrder.Alternative);
        tape.ReleaseAll(placed, w);
        foreach (MixtureCoupling coupling in _couplings.Reverse())
        {
            Var next = coupling.InverseGiven(context, noise);
            tape.Release(noise);
            noise = next;
        }

        // What no u is mapped to belongs to the nearest: the pixel stays the same.
        Var v = noise.Unsqueeze(SqueezeOrder.Alternative), uniform = _logit.Inverse(v), x = Join(pixels, Within(uniform, 0, 1 - Step));
        tape.ReleaseAll(context, pixels, noise, v, uniform);
        return x;
    }

    private (Var Pixels, Var InBin) Split(Var x)
    {
        Var scaled = x * _levels, pixels = scaled.Floor(), inBin = scaled - pixels;
        x.Tape.Release(scaled);
        return (pixels, inBin);
    }

    private Var Join(Var pixels, Var inBin)
    {
        Var sum = pixels + inBin, x = sum / _levels;
        pixels.Tape.ReleaseAll(sum, inBin);
        return x;
    }

    private Var Context(Var pixels)
    {
        Var centred = pixels.ScaleShift(2.0 / _levels, -1), context = centred.Squeeze(SqueezeOrder.Alternative);
        pixels.Tape.Release(centred);
        return context;
    }

    private static Var Within(Var x, double low, double high)
    {
        Var Bound(double value) => x.Tape.Constant(x.Tape.Own(x.Backend.Full([1, 1, 1, 1], value)));
        Var lower = Bound(low), upper = Bound(high), above = x.Binary<Maximum>(lower), within = above.Binary<Minimum>(upper);
        x.Tape.ReleaseAll(lower, upper, above);
        return within;
    }
}
