namespace TinyFlow.Pointwise;

/// <summary>One float64: the numbers of the reference backend.</summary>
public readonly record struct Float64(double Value) : IReal<Float64>
{
    /// <inheritdoc/>
    public static Float64 Create(double value) => new(value);

    /// <inheritdoc/>
    public static Float64 operator +(Float64 left, Float64 right) => new(left.Value + right.Value);

    /// <inheritdoc/>
    public static Float64 operator -(Float64 left, Float64 right) => new(left.Value - right.Value);

    /// <inheritdoc/>
    public static Float64 operator *(Float64 left, Float64 right) => new(left.Value * right.Value);

    /// <inheritdoc/>
    public static Float64 operator /(Float64 left, Float64 right) => new(left.Value / right.Value);

    /// <inheritdoc/>
    public static Float64 operator -(Float64 value) => new(-value.Value);

    /// <inheritdoc/>
    public static Float64 MultiplyAdd(Float64 a, Float64 b, Float64 c) => new(Math.FusedMultiplyAdd(a.Value, b.Value, c.Value));

    /// <inheritdoc/>
    public static Float64 Max(Float64 a, Float64 b) => new(Math.Max(a.Value, b.Value));

    /// <inheritdoc/>
    public static Float64 Min(Float64 a, Float64 b) => new(Math.Min(a.Value, b.Value));

    /// <inheritdoc/>
    public static Float64 Abs(Float64 a) => new(Math.Abs(a.Value));

    /// <inheritdoc/>
    public static Float64 Floor(Float64 a) => new(Math.Floor(a.Value));

    /// <inheritdoc/>
    public static Float64 Sqrt(Float64 a) => new(Math.Sqrt(a.Value));

    /// <inheritdoc/>
    public static Float64 Exp(Float64 a) => new(Math.Exp(a.Value));

    /// <inheritdoc/>
    public static Float64 Log(Float64 a) => new(Math.Log(a.Value));

    /// <inheritdoc/>
    public static Float64 Log1P(Float64 a)
    {
        // Kahan's correction: exact where 1 + a loses the digits of a.
        double sum = 1 + a.Value;
        return sum == 1 ? a : new(double.IsInfinity(sum) ? sum : Math.Log(sum) * (a.Value / (sum - 1)));
    }

    /// <inheritdoc/>
    public static Float64 Tanh(Float64 a) => new(Math.Tanh(a.Value));

    /// <inheritdoc/>
    public static Float64 IfPositive(Float64 condition, Float64 yes, Float64 no) => condition.Value > 0 ? yes : no;
}
