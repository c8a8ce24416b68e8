namespace TinyFlow.Pointwise;

/// <summary>The hyperbolic tangent.</summary>
public readonly struct Tanh : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Tanh);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.Tanh(x);

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => T.Create(1) - y * y;
}
