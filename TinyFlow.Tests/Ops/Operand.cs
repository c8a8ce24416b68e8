namespace TinyFlow.Tests.Ops;

/// <summary>An input of an op case: its shape, and its numbers, which keep off the op's kinks.</summary>
/// <param name="Shape">The input's shape.</param>
/// <param name="At">The number at a row-major position, given a pseudo-random one on [0, 1).</param>
internal sealed record Operand(Shape Shape, Func<int, double, double> At)
{
    /// <summary>Uniform between two bounds.</summary>
    public static Operand Between(Shape shape, double low, double high) => new(shape, (_, u) => low + (high - low) * u);

    /// <summary>Uniform on [−1.5, 1.5]: for functions that are smooth everywhere.</summary>
    public static Operand Any(Shape shape) => Between(shape, -1.5, 1.5);

    /// <summary>On ±[0.1, 2]: for functions with a kink or a pole at 0.</summary>
    public static Operand AwayFromZero(Shape shape) => new(shape, (_, u) => u < 0.5 ? -0.1 - 3.8 * u : 0.1 + 3.8 * (u - 0.5));

    /// <summary>Multiples of 0.25 on [−2, 2), plus a shift: with two shifts that are an eighth apart no two numbers are equal.</summary>
    public static Operand OnGrid(Shape shape, double shift) => new(shape, (_, u) => 0.25 * Math.Floor(16 * u) - 2 + shift);

    /// <summary>The numbers, each exact in float32, so that all backends start from the same.</summary>
    public double[] Values(ulong seed, int position)
    {
        double[] values = new double[Shape.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)At(i, Philox.Uniform(new NoiseKey(seed, (ulong)position), (ulong)i));
        }

        return values;
    }
}
