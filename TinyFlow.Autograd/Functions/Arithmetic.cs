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
            bool passesLeft = TOp.PassesLeft && a.Shape == y.Shape, passesRight = TOp.PassesRight && b.Shape == y.Shape;
            if (ReferenceEquals(a, b) || passesLeft || passesRight)
            {
                // One operand twice: its two contributions must not both be the first to arrive.
                Contribute(a, passesLeft, () => a.Backend.BinaryBackward<TOp>(a.Value, b.Value, y, dy, a.Grad, Sink.None));
                Contribute(b, passesRight, () => a.Backend.BinaryBackward<TOp>(a.Value, b.Value, y, dy, Sink.None, b.Grad));
                return;
            }

            a.Backend.BinaryBackward<TOp>(a.Value, b.Value, y, dy, a.Grad, b.Grad);

            void Contribute(Var operand, bool passes, Action compute)
            {
                if (passes)
                {
                    operand.Receive(dy);
                }
                else if (operand.NeedsGradient)
                {
                    compute();
                }
            }
        });
    }

    /// <summary>Σ weight·value + shift of values of one shape, in one pass.</summary>
    /// <exception cref="ArgumentException">No terms, or shapes that differ.</exception>
    public static Var Combine(double shift, params IReadOnlyList<(double Weight, Var Value)> terms)
    {
        if (terms.Count == 0)
        {
            throw new ArgumentException("Combine: at least one term is needed.");
        }

        Var first = terms[0].Value;
        Var[] values = [.. terms.Select(term => term.Value)];
        foreach (Var value in values)
        {
            ShapeRules.Require("Combine", "a term", value.Shape, first.Shape);
        }

        Tensor y = first.Tape.Own("Combine", first.Shape, values);
        first.Backend.Combine([.. values.Select(value => value.Value)], [.. terms.Select(term => term.Weight)], shift, y);
        return first.Tape.Record(y, values, dy =>
        {
            // Terms of the same weight have the same gradient.
            foreach (IGrouping<double, Var> same in terms.Where(term => term.Value.NeedsGradient).GroupBy(term => term.Weight, term => term.Value))
            {
                Tensor gradient = dy;
                if (same.Key != 1)
                {
                    gradient = first.Backend.Allocate(first.Shape, "the gradient of a term");
                    first.Backend.ScaleShift(dy, same.Key, 0, gradient);
                }

                foreach (Var value in same)
                {
                    value.Receive(gradient);
                }

                if (same.Key != 1)
                {
                    gradient.Dispose();
                }
            }
        });
    }

    /// <summary>The sum of values of one shape, in one pass.</summary>
    /// <exception cref="ArgumentException">No values, or shapes that differ.</exception>
    public static Var Total(IReadOnlyList<Var> values) => values.Count == 1 ? values[0] : Combine(0, [.. values.Select(value => (1.0, value))]);

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
