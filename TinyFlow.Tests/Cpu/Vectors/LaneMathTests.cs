using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Tests.Cpu.Vectors;

/// <summary>The elementary functions against float64, in units in the last place of the right float32.</summary>
[TestClass]
[TestCategory("VectorWidth")]
public sealed unsafe class LaneMathTests
{
    private const int Steps = 200_000;

    public static IEnumerable<object[]> Widths => Enum.GetValues<VectorWidth>().Where(w => w <= VectorWidths.Best).Select(w => new object[] { (int)w });

    [TestMethod]
    [DynamicData(nameof(Widths))]
    public void Exp_is_accurate_to_2_units(int bits) => Check((VectorWidth)bits, Function.Exp, Math.Exp, Linear(-104, 89), 2);

    [TestMethod]
    [DynamicData(nameof(Widths))]
    public void Log_is_accurate_to_2_units(int bits) => Check((VectorWidth)bits, Function.Log, Math.Log, [.. Geometric(1e-45, 3e38), .. Linear(0.9, 1.1)], 2);

    [TestMethod]
    [DynamicData(nameof(Widths))]
    public void Log1P_is_accurate_to_2_units(int bits) => Check(
        (VectorWidth)bits, Function.Log1P, Log1P,
        [.. Geometric(1e-38, 3e38), .. Geometric(1e-38, 0.999).Select(x => -x), .. Linear(-0.5, 2)], 2);

    [TestMethod]
    [DynamicData(nameof(Widths))]
    public void Tanh_is_accurate_to_2_and_a_half_units(int bits) => Check(
        (VectorWidth)bits, Function.Tanh, Math.Tanh, [.. Geometric(1e-38, 30), .. Geometric(1e-38, 30).Select(x => -x), .. Linear(-10, 10)], 2.5);

    [TestMethod]
    [DynamicData(nameof(Widths))]
    public void Sine_and_cosine_of_turns_are_accurate_to_a_rounding_of_1(int bits)
    {
        float[] u = Linear(0, 1);
        float[] sines = Run((VectorWidth)bits, Function.Sine, u), cosines = Run((VectorWidth)bits, Function.Cosine, u);
        for (int i = 0; i < u.Length; i++)
        {
            (double sine, double cosine) = Math.SinCos(2 * Math.PI * u[i]);
            Assert.AreEqual(sine, sines[i], 1.3e-7, $"sine of {u[i]} turns");
            Assert.AreEqual(cosine, cosines[i], 1.3e-7, $"cosine of {u[i]} turns");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Widths))]
    public void Special_values_are_right(int bits)
    {
        const float Inf = float.PositiveInfinity, NaN = float.NaN, Denormal = 1e-45f;
        Exactly((VectorWidth)bits, Function.Exp, (0, 1), (-0f, 1), (Inf, Inf), (-Inf, 0), (NaN, NaN), (89, Inf), (88.8f, Inf), (-104, 0), (1000, Inf), (-1000, 0), (-103.2f, Denormal));
        Exactly((VectorWidth)bits, Function.Log, (1, 0), (0, -Inf), (-0f, -Inf), (Inf, Inf), (-1, NaN), (-Inf, NaN), (NaN, NaN), (Denormal, -103.27893f));
        Exactly((VectorWidth)bits, Function.Log1P, (0, 0), (-1, -Inf), (Inf, Inf), (-2, NaN), (-Inf, NaN), (NaN, NaN), (Denormal, Denormal), (-Denormal, -Denormal));
        Exactly((VectorWidth)bits, Function.Tanh, (0, 0), (-0f, -0f), (Inf, 1), (-Inf, -1), (NaN, NaN), (100, 1), (-100, -1), (Denormal, Denormal));
    }

    private enum Function
    {
        Exp,
        Log,
        Log1P,
        Tanh,
        Sine,
        Cosine,
    }

    private static float[] Linear(double from, double to) => [.. Enumerable.Range(0, Steps + 1).Select(i => (float)(from + (to - from) * i / Steps))];

    private static float[] Geometric(double from, double to) =>
        [.. Enumerable.Range(0, Steps + 1).Select(i => (float)Math.Exp(Math.Log(from) + (Math.Log(to) - Math.Log(from)) * i / Steps))];

    // Below 1e-5 three terms of the series are exact to float64; above, Kahan's correction is.
    private static double Log1P(double x) =>
        Math.Abs(x) < 1e-5 ? x - x * x / 2 + x * x * x / 3 : Math.Log(1 + x) + (x - (1 + x - 1)) / (1 + x);

    private static void Check(VectorWidth width, Function function, Func<double, double> truth, float[] x, double units)
    {
        float[] y = Run(width, function, x);
        double worst = 0;
        float at = 0;
        for (int i = 0; i < x.Length; i++)
        {
            double expected = truth(x[i]);
            // The unit of the right result, that of the smallest normal number below it, and the largest number beyond the range.
            float rounded = Math.Clamp((float)expected, -float.MaxValue, float.MaxValue);
            double unit = Math.Max(MathF.BitIncrement(Math.Abs(rounded)) - (double)Math.Abs(rounded), float.Epsilon);
            double error = float.IsInfinity(y[i]) && double.Abs(expected) > float.MaxValue ? 0 : Math.Abs(y[i] - expected) / unit;
            if (!(error <= worst))
            {
                (worst, at) = (error, x[i]);
            }
        }

        Assert.IsLessThanOrEqualTo(units, worst, $"{function}({at:R}) is off by {worst:0.00} units in the last place");
    }

    private static void Exactly(VectorWidth width, Function function, params (float X, float Y)[] pairs)
    {
        float[] y = Run(width, function, [.. pairs.Select(pair => pair.X)]);
        for (int i = 0; i < y.Length; i++)
        {
            // Distinguishes −0 from 0; all NaN are alike.
            bool same = float.IsNaN(pairs[i].Y) ? float.IsNaN(y[i]) : BitConverter.SingleToInt32Bits(y[i]) == BitConverter.SingleToInt32Bits(pairs[i].Y);
            Assert.IsTrue(same, $"{function}({pairs[i].X:R}) is {y[i]:R}, expected {pairs[i].Y:R}");
        }
    }

    private static float[] Run(VectorWidth width, Function function, float[] x) => width switch
    {
        VectorWidth.Bits512 => Run<Lanes512>(function, x),
        VectorWidth.Bits256 => Run<Lanes256>(function, x),
        _ => Run<Lanes128>(function, x),
    };

    private static float[] Run<T>(Function function, float[] x) where T : struct, ILanes<T>
    {
        // Room for a whole register at the end.
        float[] padded = new float[x.Length + T.Count], y = new float[x.Length];
        x.CopyTo(padded, 0);
        fixed (float* from = padded)
        fixed (float* to = y)
        {
            for (int i = 0; i < x.Length; i += T.Count)
            {
                T value = T.Load(from + i), sine = LaneMath.SinCosOfTurns(value, out T cosine);
                T result = function switch
                {
                    Function.Exp => T.Exp(value),
                    Function.Log => T.Log(value),
                    Function.Log1P => T.Log1P(value),
                    Function.Tanh => T.Tanh(value),
                    Function.Sine => sine,
                    _ => cosine,
                };
                T.StorePartial(result, to + i, Math.Min(T.Count, x.Length - i));
            }
        }

        return y;
    }
}
