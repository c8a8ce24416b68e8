namespace TinyFlow.Autograd.Functions;

/// <summary>The fused ops of gated residual networks (PixelCNN++, Salimans et al. 2017).</summary>
public static class Gates
{
    /// <summary>[N, C, …] → [N, 2C, …]: ELU of concat(x, −x) along the channels, which keeps both signs.</summary>
    /// <exception cref="ArgumentException">No channels.</exception>
    public static Var ConcatElu(this Var x)
    {
        if (x.Shape.Rank < 2)
        {
            throw new ArgumentException($"ConcatElu: need x [N, C, …]; found {x.Shape}.");
        }

        Tensor y = x.Tape.Own("ConcatElu", x.Shape.With(1, 2 * x.Shape[1]), x);
        x.Backend.ConcatElu(x.Value, y);
        return x.Tape.Record(y, [x], dy => x.Backend.ConcatEluBackward(y, dy, x.Grad));
    }

    /// <summary>x + p·σ(q) of x [N, C, …], where gate [N, 2C, …] is p, then q, along the channels.</summary>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static Var GatedSum(this Var x, Var gate)
    {
        if (x.Shape.Rank < 2)
        {
            throw new ArgumentException($"GatedSum: need x [N, C, …]; found {x.Shape}.");
        }

        ShapeRules.Require("GatedSum", "the gate", gate.Shape, x.Shape.With(1, 2 * x.Shape[1]));
        Tensor y = x.Tape.Own("GatedSum", x.Shape, x, gate);
        x.Backend.GatedSum(x.Value, gate.Value, y);
        return x.Tape.Record(y, [x, gate], dy =>
        {
            x.Backend.GatedSumBackward(gate.Value, dy, gate.Grad);
            x.Receive(dy);
        });
    }
}
