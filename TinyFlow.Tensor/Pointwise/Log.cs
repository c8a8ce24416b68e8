namespace TinyFlow.Pointwise;

/// <summary>The natural logarithm.</summary>
public readonly struct Log : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Log);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.Log(x);

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => T.Create(1) / x;
}
