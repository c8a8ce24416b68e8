namespace TinyFlow.Pointwise;

/// <summary>The largest integer that is not above x; its slope is 0.</summary>
public readonly struct Floor : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Floor);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.Floor(x);

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => T.Create(0);
}
