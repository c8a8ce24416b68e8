using System.Runtime.CompilerServices;

namespace TinyFlow.Cpu.Vectors;

/// <summary>
/// Elementary functions on a register of float32, written once for all widths; at most 2 (tanh: 2.5) units in the last
/// place from the truth over the whole range, infinities and NaN included (see LaneMathTests). The coefficients interpolate each
/// function in Chebyshev's nodes, which is within a few percent of the best polynomial.
/// </summary>
internal static class LaneMath
{
    private const float Log2E = 1.44269504f;

    // ln 2 in two parts. The first has so few bits that its product with an exponent is exact.
    private const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;

    // Above, e^x is infinite; below, it is less than half the smallest denormal number.
    private const float ExpMax = 89, ExpMin = -104;

    // tanh x rounds to 1 from 9.02 on.
    private const float TanhMax = 10;

    private const float SmallestNormal = 1.17549435e-38f;

    /// <summary>e^x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x) where T : struct, ILanes<T>
    {
        // The constants come first, so that NaN, in second place, survives.
        x = T.MaxNative(T.Create(ExpMin), T.MinNative(T.Create(ExpMax), x));
        T n = T.Round(x * T.Create(Log2E));
        T r = Remainder(x, n);
        return T.ScaleByPowerOfTwo(T.MultiplyAdd(r * r, ExpTail(r), r) + T.Create(1f), n);
    }

    /// <summary>ln x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Log<T>(T x) where T : struct, ILanes<T>
    {
        // Denormal numbers are brought into the normal range first.
        T smallest = T.Create(SmallestNormal), shift = T.IfLess(x, smallest, T.Create(-23f), T.Zero);
        return Outside(x, x, LogOfNormal(T.IfLess(x, smallest, x * T.Create(8388608f), x), shift));
    }

    /// <summary>ln(1 + x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Log1P<T>(T x) where T : struct, ILanes<T>
    {
        // What the sum loses in rounding comes back as the first term of a Taylor series. The difference is exact
        // whichever of 1 and x is larger (Knuth's two-sum).
        T one = T.Create(1f), sum = one + x, xInSum = sum - one;
        T lost = (one - (sum - xInSum)) + (x - xInSum);
        return Outside(sum, x, LogOfNormal(sum, T.Zero) + lost / sum);
    }

    /// <summary>ln x + shift·ln 2 of a positive, finite, normal x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T LogOfNormal<T>(T x, T shift) where T : struct, ILanes<T>
    {
        T exponent = T.SplitExponent(x, out T mantissa) + shift;
        T f = mantissa - T.Create(1f), square = f * f;
        T p = T.Create(0.0697168112f);
        p = T.MultiplyAdd(p, f, T.Create(-0.114798367f));
        p = T.MultiplyAdd(p, f, T.Create(0.116854429f));
        p = T.MultiplyAdd(p, f, T.Create(-0.12425676f));
        p = T.MultiplyAdd(p, f, T.Create(0.142490536f));
        p = T.MultiplyAdd(p, f, T.Create(-0.166678026f));
        p = T.MultiplyAdd(p, f, T.Create(0.200007156f));
        p = T.MultiplyAdd(p, f, T.Create(-0.24999997f));
        p = T.MultiplyAdd(p, f, T.Create(0.333333313f));
        T tail = T.MultiplyAdd(exponent, T.Create(Ln2Low), p * (square * f));
        tail = T.MultiplyAdd(square, T.Create(-0.5f), tail);
        return T.MultiplyAdd(exponent, T.Create(Ln2High), f + tail);
    }

    /// <summary>The logarithm of a number where it is positive and finite; else −∞ of 0, NaN of less, and infinity and NaN as they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Outside<T>(T number, T unchanged, T log) where T : struct, ILanes<T>
    {
        T notPositive = T.IfLess(number, T.Zero, T.Create(float.NaN), T.Create(float.NegativeInfinity));
        return T.IfLess(number, T.Create(float.PositiveInfinity), T.IfPositive(number, log, notPositive), unchanged);
    }

    /// <summary>tanh x = (e^2x − 1)/(e^2x + 1), in terms of e^2|x| − 1, which keeps all digits near 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x) where T : struct, ILanes<T>
    {
        T twice = T.MinNative(T.Create(TanhMax), T.Abs(x));
        twice += twice;
        T n = T.Round(twice * T.Create(Log2E));
        T r = Remainder(twice, n);
        T power = T.PowerOfTwo(n);
        T minusOne = T.MultiplyAdd(power, T.MultiplyAdd(r * r, ExpTail(r), r), power - T.Create(1f));
        return T.CopySign(minusOne / (minusOne + T.Create(2f)), x);
    }

    /// <summary>sin 2πu and cos 2πu for u on [0, 1].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T SinCosOfTurns<T>(T u, out T cosine) where T : struct, ILanes<T>
    {
        // The nearest quarter turn, and what is left of it, exactly: at most an eighth of a turn.
        T quarter = T.Round(u * T.Create(4f));
        T f = T.NegatedMultiplyAdd(quarter, T.Create(0.25f), u), square = f * f;
        T s = T.Create(41.4727974f);
        s = T.MultiplyAdd(s, square, T.Create(-76.6978683f));
        s = T.MultiplyAdd(s, square, T.Create(81.6052017f));
        s = T.MultiplyAdd(s, square, T.Create(-41.3417015f));
        s = T.MultiplyAdd(s, square, T.Create(6.28318548f)) * f;
        T c = T.Create(-26.1191998f);
        c = T.MultiplyAdd(c, square, T.Create(60.2404518f));
        c = T.MultiplyAdd(c, square, T.Create(-85.4567947f));
        c = T.MultiplyAdd(c, square, T.Create(64.9393921f));
        c = T.MultiplyAdd(c, square, T.Create(-19.7392082f));
        c = T.MultiplyAdd(c, square, T.Create(1f));

        // Quarters 1 and 3 exchange sine and cosine; 2 and 3 turn the sine's sign, 1 and 2 the cosine's.
        T half = T.Create(0.5f), isOdd = half - T.Abs(T.Abs(quarter - T.Create(2f)) - T.Create(1f));
        T sine = T.IfPositive(isOdd, c, s), other = T.IfPositive(isOdd, s, c);
        T inLowerHalf = half - T.Abs(quarter - T.Create(2.5f)) + half, inLeftHalf = T.Create(1f) - T.Abs(quarter - T.Create(1.5f));
        cosine = T.IfPositive(inLeftHalf, -other, other);
        return T.IfPositive(inLowerHalf, -sine, sine);
    }

    /// <summary>x − n·ln 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Remainder<T>(T x, T n) where T : struct, ILanes<T> =>
        T.NegatedMultiplyAdd(n, T.Create(Ln2Low), T.NegatedMultiplyAdd(n, T.Create(Ln2High), x));

    /// <summary>(e^r − 1 − r)/r² for |r| ≤ ½ ln 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ExpTail<T>(T r) where T : struct, ILanes<T>
    {
        T p = T.Create(1.98909882e-4f);
        p = T.MultiplyAdd(p, r, T.Create(1.39336474e-3f));
        p = T.MultiplyAdd(p, r, T.Create(8.33331048e-3f));
        p = T.MultiplyAdd(p, r, T.Create(0.0416664667f));
        p = T.MultiplyAdd(p, r, T.Create(0.166666672f));
        return T.MultiplyAdd(p, r, T.Create(0.5f));
    }
}
