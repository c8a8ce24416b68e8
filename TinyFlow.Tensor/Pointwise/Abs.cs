namespace TinyFlow.Pointwise;

/// <summary>|x|, with derivative −1 at 0.</summary>
public readonly struct Abs : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Abs);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.Abs(x);

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => T.IfPositive(x, T.Create(1), T.Create(-1));
}
