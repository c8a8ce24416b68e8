namespace TinyFlow.Autograd.Functions;

/// <summary>The spline coupling of neural spline flows, fused.</summary>
public static class RationalQuadraticSplines
{
    /// <summary>
    /// The changed channels of x [N, C, H, W] go through a monotone rational-quadratic spline of K bins on [−3, 3], beyond
    /// which they stay (Durkan et al. 2019, section 3.1); the other channels stay too. h [N, (3K − 1)·C', H, W] has by
    /// groups of C' channels K logits of widths, K logits of heights and K − 1 numbers whose softplus is the derivative at an
    /// inner knot, all with a smallest size (<see cref="SplineLimits"/>). Returns y and log_det [N]. h must not depend on the
    /// changed channels.
    /// </summary>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static (Var Y, Var LogDet) RationalQuadraticCoupling(this Var x, Var h, ChannelRange changed)
    {
        ShapeRules.RationalQuadraticCoupling("RationalQuadraticCoupling", x.Shape, h.Shape, changed);
        Tensor y = x.Tape.Own("RationalQuadraticCoupling", x.Shape, x, h), logDet = x.Tape.Own("RationalQuadraticCoupling", [x.Shape[0]]);
        x.Backend.RationalQuadraticCoupling(x.Value, h.Value, changed, y, logDet);
        return x.Tape.Record(y, logDet, [x, h], (dy, dlogDet) => x.Backend.RationalQuadraticCouplingBackward(
            x.Value, h.Value, changed, dy, dlogDet, x.Grad, h.Grad));
    }

    /// <summary>x from y of <see cref="RationalQuadraticCoupling"/>, given the same h; no gradient.</summary>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Var RationalQuadraticCouplingInverse(this Var y, Var h, ChannelRange changed)
    {
        ShapeRules.RationalQuadraticCoupling("RationalQuadraticCouplingInverse", y.Shape, h.Shape, changed);
        Tensor x = y.Tape.Own("RationalQuadraticCouplingInverse", y.Shape, y, h);
        y.Backend.RationalQuadraticCouplingInverse(y.Value, h.Value, changed, x);
        return y.Tape.Constant(x);
    }
}
