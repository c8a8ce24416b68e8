using System.Collections.Concurrent;

namespace TinyFlow.Tests.Cpu.Convolutions;

/// <summary>Random operands of a case, in plain order, and what they give in float64.</summary>
internal sealed class Operands
{
    // Float64 takes its time, and many tests ask for the same.
    private static readonly ConcurrentDictionary<int, Lazy<Operands>> Known = new();

    private Operands(int index)
    {
        ConvolutionCase c = ConvolutionCase.All[index];
        X = Random((int)c.X.Count, 4 * index);
        Weight = Random((int)c.Weight.Count, 4 * index + 1);
        Bias = Random(c.Weight[0], 4 * index + 2);
        Dy = Random((int)c.Y.Count, 4 * index + 3);
        Exact = Exact.Of(c, X, Weight, Bias, Dy);
        Magnitudes = Exact.Magnitudes(c, X, Weight, Bias, Dy);
    }

    public float[] X { get; }

    public float[] Weight { get; }

    public float[] Bias { get; }

    public float[] Dy { get; }

    public Exact Exact { get; }

    public Exact Magnitudes { get; }

    /// <summary>The operands of a row of <see cref="ConvolutionCase.All"/>.</summary>
    public static Operands Of(int index) => Known.GetOrAdd(index, i => new Lazy<Operands>(() => new Operands(i))).Value;

    /// <summary>Uniform numbers from -1 to 1.</summary>
    public static float[] Random(int count, int seed)
    {
        System.Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = random.NextSingle() * 2 - 1;
        }

        return values;
    }
}
