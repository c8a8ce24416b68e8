namespace TinyFlow.Pointwise;

/// <summary>max(x, 0), with derivative 0 at 0 as in PyTorch.</summary>
public readonly struct Relu : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Relu);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.Max(x, T.Create(0));

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => T.IfPositive(x, T.Create(1), T.Create(0));
}
