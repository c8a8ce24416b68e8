using System.Globalization;

namespace TinyFlow.Autograd;

/// <summary>The outcome of a gradient check: the element whose two gradients differ most.</summary>
/// <param name="Function">What the checked function is called.</param>
/// <param name="Input">The number of the input with the worst element, from 0.</param>
/// <param name="Shape">That input's shape.</param>
/// <param name="Element">The worst element's place in that input, row-major.</param>
/// <param name="Analytic">Its gradient by the tape.</param>
/// <param name="Numeric">Its gradient by finite differences.</param>
/// <param name="Elements">How many elements were compared.</param>
public sealed record GradCheckReport(string Function, int Input, Shape Shape, long Element, double Analytic, double Numeric, long Elements)
{
    /// <summary>|analytic − numeric| / max(1, |analytic|, |numeric|); infinite where either is not a finite number.</summary>
    public double Deviation => double.IsFinite(Analytic) && double.IsFinite(Numeric)
        ? Math.Abs(Analytic - Numeric) / Math.Max(1, Math.Max(Math.Abs(Analytic), Math.Abs(Numeric)))
        : double.PositiveInfinity;

    /// <summary>Whether every element's gradient is right.</summary>
    public bool IsRight => Deviation < GradCheck.Tolerance;

    /// <summary>The worst element's index along each axis of its input.</summary>
    public IReadOnlyList<int> Index
    {
        get
        {
            int[] index = new int[Shape.Rank];
            long rest = Element;
            for (int axis = Shape.Rank - 1; axis >= 0; axis--)
            {
                (rest, long along) = Math.DivRem(rest, Shape[axis]);
                index[axis] = (int)along;
            }

            return index;
        }
    }

    /// <summary>Does nothing if every gradient is right.</summary>
    /// <exception cref="InvalidOperationException">One is not: the message names function, input, element and both values.</exception>
    public void ThrowIfWrong()
    {
        if (!IsRight)
        {
            throw new InvalidOperationException(ToString());
        }
    }

    /// <summary>The outcome as a sentence.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"The gradient of {Function} is {(IsRight ? "right" : "wrong")}: of {Elements} elements the worst is [{string.Join(", ", Index)}] of input {Input} {Shape}, " +
        $"analytic {Analytic:R}, numeric {Numeric:R}, deviation {Deviation:0.0e+0} (less than {GradCheck.Tolerance:0e+0} is right).");
}
