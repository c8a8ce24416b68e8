namespace TinyFlow.Pointwise;

/// <summary>ln(x / (1 − x)), the inverse of the sigmoid, on (0, 1).</summary>
public readonly struct Logit : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Logit);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.Log(x) - T.Log1P(-x);

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => T.Create(1) / (x * (T.Create(1) - x));
}
