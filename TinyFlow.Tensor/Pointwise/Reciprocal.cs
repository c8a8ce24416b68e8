namespace TinyFlow.Pointwise;

/// <summary>1 / x.</summary>
public readonly struct Reciprocal : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Reciprocal);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.Create(1) / x;

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => -(y * y);
}
