namespace TinyFlow.Pointwise;

/// <summary>ln(√x + 10⁻⁵): the logarithm of a deviation, from a variance.</summary>
public readonly struct LogDeviation : IPointwise
{
    // Added to the deviation, as in the seed notebook.
    private const double Epsilon = 1e-5;

    /// <inheritdoc/>
    public static string Name => nameof(LogDeviation);

    /// <inheritdoc/>
    public static T Forward<T>(T x) where T : struct, IReal<T> => T.Log(T.Sqrt(x) + T.Create(Epsilon));

    /// <inheritdoc/>
    public static T Derivative<T>(T x, T y) where T : struct, IReal<T>
    {
        T deviation = T.Sqrt(x);
        return T.Create(0.5) / (deviation * (deviation + T.Create(Epsilon)));
    }
}
