namespace TinyFlow.Pointwise;

/// <summary>ln(1 + e^x), as max(x, 0) + ln(1 + e^−|x|), which cannot overflow.</summary>
public readonly struct Softplus : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Softplus);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.Max(x, T.Create(0)) + T.Log1P(T.Exp(-T.Abs(x)));

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => Sigmoid.Forward(x);
}
