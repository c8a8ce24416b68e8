namespace TinyFlow.Pointwise;

/// <summary>e^x.</summary>
public readonly struct Exp : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Exp);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.Exp(x);

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => y;
}
