namespace TinyFlow.Pointwise;

/// <summary>x where positive, else e^x − 1.</summary>
public readonly struct Elu : IPointwise
{
    /// <inheritdoc/>
    public static string Name => nameof(Elu);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.IfPositive(x, x, T.Exp(T.Min(x, T.Create(0))) - T.Create(1));

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T> => T.IfPositive(x, T.Create(1), y + T.Create(1));
}
