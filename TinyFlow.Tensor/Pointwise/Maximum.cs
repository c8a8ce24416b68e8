namespace TinyFlow.Pointwise;

/// <summary>The larger of two; where they are equal the gradient goes to the right one.</summary>
public readonly struct Maximum : IBinary
{
    /// <inheritdoc/>
    public static string Name => nameof(Maximum);

    /// <inheritdoc/>
    public static T Forward<T>(T a, T b) where T : struct, IReal<T> => T.Max(a, b);

    /// <inheritdoc/>
    public static T LeftDerivative<T>(T a, T b, T y) where T : struct, IReal<T> => T.IfPositive(a - b, T.Create(1), T.Create(0));

    /// <inheritdoc/>
    public static T RightDerivative<T>(T a, T b, T y) where T : struct, IReal<T> => T.IfPositive(a - b, T.Create(0), T.Create(1));
}
