namespace TinyFlow.Pointwise;

/// <summary>a + b.</summary>
public readonly struct Add : IBinary
{
    /// <inheritdoc/>
    public static string Name => nameof(Add);

    /// <inheritdoc/>
    public static bool PassesLeft => true;

    /// <inheritdoc/>
    public static bool PassesRight => true;

    /// <inheritdoc/>
    public static T Forward<T>(T a, T b) where T : struct, IReal<T> => a + b;

    /// <inheritdoc/>
    public static T LeftDerivative<T>(T a, T b, T y) where T : struct, IReal<T> => T.Create(1);

    /// <inheritdoc/>
    public static T RightDerivative<T>(T a, T b, T y) where T : struct, IReal<T> => T.Create(1);
}
