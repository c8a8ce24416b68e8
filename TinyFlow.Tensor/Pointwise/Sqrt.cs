namespace TinyFlow.Pointwise;

/// <summary>The square root; its derivative at 0 is infinite.</summary>
public readonly struct Sqrt : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Sqrt);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.Sqrt(x);

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => T.Create(0.5) / y;
}
