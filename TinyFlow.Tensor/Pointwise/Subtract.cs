namespace TinyFlow.Pointwise;

/// <summary>a − b.</summary>
public readonly struct Subtract : IBinary
{
    /// <inheritdoc/>
    public static string Name => nameof(Subtract);

    /// <inheritdoc/>
    public static bool PassesLeft => true;

    /// <inheritdoc/>
    public static T Forward<T>(T a, T b) where T : struct, IReal<T> => a - b;

    /// <inheritdoc/>
    public static T LeftDerivative<T>(T a, T b, T y) where T : struct, IReal<T> => T.Create(1);

    /// <inheritdoc/>
    public static T RightDerivative<T>(T a, T b, T y) where T : struct, IReal<T> => T.Create(-1);
}
