namespace TinyFlow.Pointwise;

/// <summary>The smaller of two; where they are equal the gradient goes to the right one.</summary>
public readonly struct Minimum : IBinary
{
    /// <inheritdoc/>
    public static string Name => nameof(Minimum);

    /// <inheritdoc/>
    public static T Forward<T>(T a, T b) where T : struct, IReal<T> => T.Min(a, b);

    /// <inheritdoc/>
    public static T LeftDerivative<T>(T a, T b, T y) where T : struct, IReal<T> => T.IfPositive(b - a, T.Create(1), T.Create(0));

    /// <inheritdoc/>
    public static T RightDerivative<T>(T a, T b, T y) where T : struct, IReal<T> => T.IfPositive(b - a, T.Create(0), T.Create(1));
}
