using TinyFlow.Pointwise;

namespace TinyFlow.Autograd.Functions;

/// <summary>Functions of each element by itself.</summary>
public static class PointwiseFunctions
{
    /// <summary>y = f(x) for any pointwise op.</summary>
    public static Var Pointwise<TOp>(this Var x) where TOp : struct, IPointwise
    {
        Tensor y = x.Tape.Own(TOp.Name, x.Shape, x);
        x.Backend.Pointwise<TOp>(x.Value, y);
        return x.Tape.Record(y, [x], dy => x.Backend.PointwiseBackward<TOp>(x.Value, y, dy, x.Grad));
    }

    /// <summary>e^x.</summary>
    public static Var Exp(this Var x) => x.Pointwise<Exp>();

    /// <summary>The natural logarithm.</summary>
    public static Var Log(this Var x) => x.Pointwise<Log>();

    /// <summary>The hyperbolic tangent.</summary>
    public static Var Tanh(this Var x) => x.Pointwise<Tanh>();

    /// <summary>1 / (1 + e^−x).</summary>
    public static Var Sigmoid(this Var x) => x.Pointwise<Sigmoid>();

    /// <summary>ln(1 + e^x), without overflow.</summary>
    public static Var Softplus(this Var x) => x.Pointwise<Softplus>();

    /// <summary>ln(x / (1 − x)) for x on (0, 1).</summary>
    public static Var Logit(this Var x) => x.Pointwise<Logit>();

    /// <summary>max(x, 0).</summary>
    public static Var Relu(this Var x) => x.Pointwise<Relu>();

    /// <summary>x where positive, else e^x − 1.</summary>
    public static Var Elu(this Var x) => x.Pointwise<Elu>();

    /// <summary>The square root.</summary>
    public static Var Sqrt(this Var x) => x.Pointwise<Sqrt>();

    /// <summary>x².</summary>
    public static Var Square(this Var x) => x.Pointwise<Square>();

    /// <summary>|x|.</summary>
    public static Var Abs(this Var x) => x.Pointwise<Abs>();

    /// <summary>The largest integer that is not above x; no gradient passes it.</summary>
    public static Var Floor(this Var x) => x.Pointwise<Floor>();

    /// <summary>1 / x.</summary>
    public static Var Reciprocal(this Var x) => x.Pointwise<Reciprocal>();

    /// <summary>scale·x + shift.</summary>
    public static Var ScaleShift(this Var x, double scale, double shift)
    {
        Tensor y = x.Tape.Own("ScaleShift", x.Shape, x);
        x.Backend.ScaleShift(x.Value, scale, shift, y);
        return x.Tape.Record(y, [x], dy =>
        {
            if (scale == 1)
            {
                x.Receive(dy);
            }
            else
            {
                x.Backend.ScaleShift(dy, scale, 0, x.Grad);
            }
        });
    }
}
