namespace TinyFlow.Pointwise;

/// <summary>a / b.</summary>
public readonly struct Divide : IBinary
{
    /// <inheritdoc/>
    public static string Name => nameof(Divide);

    /// <inheritdoc/>
    public static T Forward<T>(T a, T b) where T : struct, IReal<T> => a / b;

    /// <inheritdoc/>
    public static T LeftDerivative<T>(T a, T b, T y) where T : struct, IReal<T> => T.Create(1) / b;

    /// <inheritdoc/>
    public static T RightDerivative<T>(T a, T b, T y) where T : struct, IReal<T> => -(y / b);
}
