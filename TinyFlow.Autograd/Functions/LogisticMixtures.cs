namespace TinyFlow.Autograd.Functions;

/// <summary>The mixture-of-logistics coupling of Flow++, fused.</summary>
public static class LogisticMixtures
{
    /// <summary>
    /// The changed channels of x [N, C, H, W] become logit(F(x))·e^r + t with F(x) = Σ π·σ((x − μ)·e^−s), the cumulative
    /// distribution of a mixture of K logistics (Ho et al. 2019, section 3.2); the others stay. h [N, (2 + 3K)·C', H, W]
    /// has by groups of C' channels a, t, K logits of π, K means μ and K log scales s; r = 2·tanh(a/2) and s ≥ −7 are
    /// bounded (<see cref="LogisticMixtureLimits"/>). Returns y and log_det [N]. h must not depend on the changed channels.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static (Var Y, Var LogDet) LogisticMixtureCoupling(this Var x, Var h, ChannelRange changed)
    {
        ShapeRules.LogisticMixtureCoupling("LogisticMixtureCoupling", x.Shape, h.Shape, changed);
        Tensor y = x.Tape.Own("LogisticMixtureCoupling", x.Shape, x, h), logDet = x.Tape.Own("LogisticMixtureCoupling", [x.Shape[0]]);
        x.Backend.LogisticMixtureCoupling(x.Value, h.Value, changed, y, logDet);
        return x.Tape.Record(y, logDet, [x, h], (dy, dlogDet) => x.Backend.LogisticMixtureCouplingBackward(
            x.Value, h.Value, changed, dy, dlogDet, x.Grad, h.Grad));
    }

    /// <summary>x from y of <see cref="LogisticMixtureCoupling"/>, given the same h; no gradient.</summary>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Var LogisticMixtureCouplingInverse(this Var y, Var h, ChannelRange changed)
    {
        ShapeRules.LogisticMixtureCoupling("LogisticMixtureCouplingInverse", y.Shape, h.Shape, changed);
        Tensor x = y.Tape.Own("LogisticMixtureCouplingInverse", y.Shape, y, h);
        y.Backend.LogisticMixtureCouplingInverse(y.Value, h.Value, changed, x);
        return y.Tape.Constant(x);
    }
}
