namespace TinyFlow.Pointwise;

/// <summary>
/// A real number, or several at once in a vector register: what the formulas of pointwise ops are written in, so that
/// each formula stands once and serves float64 on the reference backend and every vector width on the CPU.
/// </summary>
/// <typeparam name="T">The implementing type.</typeparam>
public interface IReal<T> where T : struct, IReal<T>
{
    /// <summary>A constant (in every lane).</summary>
    static abstract T Create(double value);

    /// <summary>a + b.</summary>
    static abstract T operator +(T left, T right);

    /// <summary>a − b.</summary>
    static abstract T operator -(T left, T right);

    /// <summary>a · b.</summary>
    static abstract T operator *(T left, T right);

    /// <summary>a / b.</summary>
    static abstract T operator /(T left, T right);

    /// <summary>−a.</summary>
    static abstract T operator -(T value);

    /// <summary>a·b + c, rounded once.</summary>
    static abstract T MultiplyAdd(T a, T b, T c);

    /// <summary>The larger; NaN if either is NaN.</summary>
    static abstract T Max(T a, T b);

    /// <summary>The smaller; NaN if either is NaN.</summary>
    static abstract T Min(T a, T b);

    /// <summary>|a|.</summary>
    static abstract T Abs(T a);

    /// <summary>The largest integer that is not above a.</summary>
    static abstract T Floor(T a);

    /// <summary>√a.</summary>
    static abstract T Sqrt(T a);

    /// <summary>e^a.</summary>
    static abstract T Exp(T a);

    /// <summary>ln a.</summary>
    static abstract T Log(T a);

    /// <summary>ln(1 + a), exact for small a.</summary>
    static abstract T Log1P(T a);

    /// <summary>tanh a.</summary>
    static abstract T Tanh(T a);

    /// <summary>Lane by lane, <paramref name="yes"/> where condition is greater than 0, else <paramref name="no"/>.</summary>
    static abstract T IfPositive(T condition, T yes, T no);
}
