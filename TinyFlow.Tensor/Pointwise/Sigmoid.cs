namespace TinyFlow.Pointwise;

/// <summary>1 / (1 + e^−x), as ½·tanh(½x) + ½, which cannot overflow.</summary>
public readonly struct Sigmoid : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Sigmoid);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.MultiplyAdd(T.Tanh(T.Create(0.5) * x), T.Create(0.5), T.Create(0.5));

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => y * (T.Create(1) - y);
}
