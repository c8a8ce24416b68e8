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
public sealed class VariationalDequantization : IFlow, IReplayed
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
        (Var pixels, Var noise, Var logDet) = Enter(x, pass);
        Var context = Context(pixels);
        List<Var> logDets = [logDet];
        foreach (MixtureCoupling coupling in _couplings)
        {
            (Var next, Var more) = coupling.ForwardGiven(context, noise, pass);
            logDets.Add(more);
            tape.Release(noise);
            noise = next;
        }

        (Var y, Var last) = Leave(pixels, noise);
        tape.ReleaseAll(context, pixels, noise);
        return (y, LogDeterminants.Total([.. logDets, last]));
    }

    /// <inheritdoc/>
    Rebuilt IReplayed.Replay(Tape outer, Tensor x, Tensor dy, Tensor dlogDet)
    {
        // y says too little of the noise within a bin to be its source: what the couplings are given is computed from x
        // again, and is an image each; their nets, which need far more, are differentiated one by one.
        using Tape forward = new(outer.Backend, recording: false);
        Var input = forward.Constant(x);
        (Var pixels, Var noise, _) = Enter(input, Pass.Replay);
        Var context = Context(pixels);
        List<Var> noises = [noise];
        foreach (MixtureCoupling coupling in _couplings)
        {
            (noise, Var logDet) = coupling.ForwardGiven(context, noise, Pass.Replay);
            forward.Release(logDet);
            noises.Add(noise);
        }

        Tensor Differentiated(Tensor value, Tensor d, Func<Var, (Var Y, Var LogDet)> map)
        {
            Tensor dx = outer.Backend.Allocate(value.Shape, "the gradient of a rebuilt input");
            using Tape tape = outer.Nested();
            (Var y, Var logDet) = map(tape.Input(value, dx));
            tape.BackwardFrom(y, d, logDet, dlogDet);
            return dx;
        }

        Tensor gradient = Differentiated(noises[^1].Value, dy, last => Leave(last.Tape.Constant(pixels.Value), last));
        for (int i = _couplings.Length - 1; i >= 0; i--)
        {
            using Tensor after = gradient;
            MixtureCoupling coupling = _couplings[i];
            gradient = Differentiated(noises[i].Value, after, before => coupling.ForwardGiven(before.Tape.Constant(context.Value), before, Pass.Replay));
        }

        using (gradient)
        {
            return new Rebuilt(x, Differentiated(x, gradient, image =>
            {
                (_, Var first, Var logDet) = Enter(image, Pass.Replay);
                return (first, logDet);
            }));
        }
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

    // The pixels, and the uniform noise on the couplings' scale.
    private (Var Pixels, Var Noise, Var LogDet) Enter(Var x, Pass pass)
    {
        (Var pixels, Var uniform) = Split(x);
        (Var v, Var logDet) = _logit.Forward(uniform, pass);
        Var noise = v.Squeeze(SqueezeOrder.Alternative);
        x.Tape.ReleaseAll(uniform, v);
        return (pixels, noise, logDet);
    }

    // The noise back in the pixels' bins.
    private (Var Y, Var LogDet) Leave(Var pixels, Var noise)
    {
        Var w = noise.Unsqueeze(SqueezeOrder.Alternative), logSlope = LogitTransform.LogSlope(w), undone = -logSlope;
        Var y = Join(pixels, w.Sigmoid());
        pixels.Tape.ReleaseAll(w, logSlope);
        return (y, undone);
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
