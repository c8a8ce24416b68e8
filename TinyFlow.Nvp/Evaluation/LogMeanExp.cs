namespace TinyFlow.Nvp.Evaluation;

/// <summary>log (1/K Σ exp(v_k)) of K values, one after the other, without overflow. Immutable; the default value has none yet.</summary>
internal readonly record struct LogMeanExp
{
    private double Largest { get; init; }

    private double Sum { get; init; }

    private int Count { get; init; }

    /// <summary>The mean's logarithm; NaN of no values.</summary>
    public double Value => Largest + Math.Log(Sum / Count);

    /// <summary>With another value.</summary>
    public LogMeanExp With(double value)
    {
        double largest = Count == 0 ? value : Math.Max(Largest, value);
        return new LogMeanExp { Largest = largest, Sum = (Count == 0 ? 0 : Sum * Math.Exp(Largest - largest)) + Math.Exp(value - largest), Count = Count + 1 };
    }
}
