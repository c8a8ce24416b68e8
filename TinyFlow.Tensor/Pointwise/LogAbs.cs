namespace TinyFlow.Pointwise;

/// <summary>ln |x|.</summary>
public readonly struct LogAbs : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(LogAbs);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.Log(T.Abs(x));

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => T.Create(1) / x;
}
