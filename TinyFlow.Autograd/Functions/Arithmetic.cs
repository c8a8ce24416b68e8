using TinyFlow.Pointwise;

namespace TinyFlow.Autograd.Functions;

/// <summary>Functions of two operands, element by element, with NumPy broadcasting.</summary>
public static class Arithmetic
{
    /// <summary>f(a, b) for any binary op.</summary>
    /// <exception cref="ArgumentException">The shapes do not broadcast.</exception>
    public static Var Binary<TOp>(this Var a, Var b) where TOp : struct, IBinary
    {
        Tensor y = a.Tape.Own(TOp.Name, ShapeRules.Broadcast(TOp.Name, a.Shape, b.Shape), a, b);
        a.Backend.Binary<TOp>(a.Value, b.Value, y);
        return a.Tape.Record(y, [a, b], dy =>
        {
            if (ReferenceEquals(a, b))
            {
                // One operand twice: its two contributions must not both be the first to arrive.
                a.Backend.BinaryBackward<TOp>(a.Value, b.Value, y, dy, a.Grad, Sink.None);
                a.Backend.BinaryBackward<TOp>(a.Value, b.Value, y, dy, Sink.None, b.Grad);
                return;
            }

            a.Backend.BinaryBackward<TOp>(a.Value, b.Value, y, dy, a.Grad, b.Grad);
        });
    }

    extension(Var)
    {
        /// <summary>a + b.</summary>
        public static Var operator +(Var a, Var b) => a.Binary<Add>(b);

        /// <summary>a − b.</summary>
        public static Var operator -(Var a, Var b) => a.Binary<Subtract>(b);

        /// <summary>a · b, element by element.</summary>
        public static Var operator *(Var a, Var b) => a.Binary<Multiply>(b);

        /// <summary>a / b, element by element.</summary>
        public static Var operator /(Var a, Var b) => a.Binary<Divide>(b);

        /// <summary>−a.</summary>
        public static Var operator -(Var a) => a.ScaleShift(-1, 0);

        /// <summary>a + b.</summary>
        public static Var operator +(Var a, double b) => a.ScaleShift(1, b);

        /// <summary>a + b.</summary>
        public static Var operator +(double a, Var b) => b.ScaleShift(1, a);

        /// <summary>a − b.</summary>
        public static Var operator -(Var a, double b) => a.ScaleShift(1, -b);

        /// <summary>a − b.</summary>
        public static Var operator -(double a, Var b) => b.ScaleShift(-1, a);

        /// <summary>a · b.</summary>
        public static Var operator *(Var a, double b) => a.ScaleShift(b, 0);

        /// <summary>a · b.</summary>
        public static Var operator *(double a, Var b) => b.ScaleShift(a, 0);

        /// <summary>a / b.</summary>
        public static Var operator /(Var a, double b) => a.ScaleShift(1 / b, 0);
    }
}
