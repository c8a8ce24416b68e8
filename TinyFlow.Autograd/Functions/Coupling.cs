namespace TinyFlow.Autograd.Functions;

/// <summary>The affine coupling of Real NVP, fused.</summary>
public static class Coupling
{
    /// <summary>
    /// Where mask [C, H, W] is 1, y = x·e^s + t (or (x + t)·e^s), elsewhere y = x; s = scale·tanh(a) with a, t the two
    /// halves of the channels of h [N, 2C, H, W]; scale [1], [C] or [C, H, W], 1 if absent. Returns y [N, C, H, W] and
    /// log_det [N] = Σ mask·s (Dinh et al. 2017, equations 7 to 9). h must not depend on the x that the mask changes.
    /// </summary>
    public static (Var Y, Var LogDet) AffineCoupling(this Var x, Var h, Var? scale, Tensor mask, CouplingForm form)
    {
        Var[] operands = Operands(x, h, scale, mask);
        Tensor y = x.Tape.Own("AffineCoupling", x.Shape, operands), logDet = x.Tape.Own("AffineCoupling", [x.Shape[0]]);
        x.Backend.AffineCoupling(x.Value, h.Value, scale?.Value, mask, y, logDet, form);

        return x.Tape.Record(y, logDet, operands, (dy, dlogDet) => x.Backend.AffineCouplingBackward(
            x.Value, h.Value, scale?.Value, mask, dy, dlogDet, x.Grad, h.Grad, scale?.Grad ?? Sink.None, form));
    }

    /// <summary>
    /// The same, and in the same pass keep·y, with keep [C, H, W]: what a coupling that follows passes on, and its net sees.
    /// </summary>
    public static (Var Y, Var LogDet, Var Kept) AffineCoupling(this Var x, Var h, Var? scale, Tensor mask, CouplingForm form, Tensor keep)
    {
        Var[] operands = Operands(x, h, scale, mask);
        ShapeRules.Require("AffineCoupling", "what is kept", keep.Shape, mask.Shape);
        x.Tape.Check("AffineCoupling", keep);
        Tensor y = x.Tape.Own("AffineCoupling", x.Shape, operands), logDet = x.Tape.Own("AffineCoupling", [x.Shape[0]]), kept = x.Tape.Own("AffineCoupling", x.Shape);
        x.Backend.AffineCoupling(x.Value, h.Value, scale?.Value, mask, y, logDet, form, new Masked(keep, kept));

        return x.Tape.Record(y, logDet, kept, operands, (dy, dlogDet, dkept) => x.Backend.AffineCouplingBackward(
            x.Value, h.Value, scale?.Value, mask, dy, dlogDet, x.Grad, h.Grad, scale?.Grad ?? Sink.None, form, dkept is null ? null : new Masked(keep, dkept)));
    }

    /// <summary>x from y of the coupling, given the same h; no gradient.</summary>
    public static Var AffineCouplingInverse(this Var y, Var h, Var? scale, Tensor mask, CouplingForm form)
    {
        CheckShapes("AffineCouplingInverse", y.Shape, h.Shape, scale?.Shape, mask.Shape);
        y.Tape.Check("AffineCouplingInverse", mask);
        Var[] operands = scale is null ? [y, h] : [y, h, scale];
        Tensor x = y.Tape.Own("AffineCouplingInverse", y.Shape, operands);
        y.Backend.AffineCouplingInverse(y.Value, h.Value, scale?.Value, mask, x, form);
        return y.Tape.Constant(x);
    }

    private static Var[] Operands(Var x, Var h, Var? scale, Tensor mask)
    {
        CheckShapes("AffineCoupling", x.Shape, h.Shape, scale?.Shape, mask.Shape);
        x.Tape.Check("AffineCoupling", mask);
        return scale is null ? [x, h] : [x, h, scale];
    }

    private static void CheckShapes(string op, Shape x, Shape h, Shape? scale, Shape mask)
    {
        if (x.Rank != 4)
        {
            throw new ArgumentException($"{op}: need x [N, C, H, W]; found {x}.");
        }

        ShapeRules.Require(op, "h", h, x.With(1, 2 * x[1]));
        ShapeRules.Require(op, "the mask", mask, [x[1], x[2], x[3]]);
        if (scale is { } s && s != Shape.Create([1]) && s != Shape.Create([x[1]]) && s != mask)
        {
            throw new ArgumentException($"{op}: scale must be [1], [{x[1]}] or {mask}; found {s}.");
        }
    }
}
