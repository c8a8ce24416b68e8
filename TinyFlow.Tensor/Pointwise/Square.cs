namespace TinyFlow.Pointwise;

/// <summary>x².</summary>
public readonly struct Square : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Square);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => x * x;

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => x + x;
}
