using System.Globalization;
using System.Numerics;

namespace TinyFlow;

/// <summary>
/// The decimal digits of a finite number: the fewest that read back as the same number. Its value is 0.d1d2d3… · 10^Point;
/// zero has no digits.
/// </summary>
internal readonly record struct ShortestDigits(bool IsNegative, string Digits, int Point)
{
    public string Sign => IsNegative ? "-" : "";

    /// <summary>The digits before the point in positional notation, at least one.</summary>
    public string Integer => Point <= 0 ? "0" : Digits.Length >= Point ? Digits[..Point] : Digits.PadRight(Point, '0');

    /// <summary>The digits after the point in positional notation, without zeros at the end.</summary>
    public string Fraction => Digits.Length <= Point ? "" : Point >= 0 ? Digits[Point..] : new string('0', -Point) + Digits;

    /// <summary>The one digit before the point in scientific notation.</summary>
    public string Leading => Digits.Length == 0 ? "0" : Digits[..1];

    /// <summary>The digits after the point in scientific notation, without zeros at the end.</summary>
    public string ScientificFraction => Digits.Length <= 1 ? "" : Digits[1..];

    /// <summary>The power of ten in scientific notation.</summary>
    public int Exponent => Digits.Length == 0 ? 0 : Point - 1;

    /// <summary>The digits of a number, or of the float32 that it is.</summary>
    public static ShortestDigits Of(double value, bool isSingle)
    {
        string text = isSingle ? ((float)value).ToString("R", CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture);
        string[] parts = text.TrimStart('-').Split('E');
        string[] mantissa = parts[0].Split('.');
        int exponent = parts.Length > 1 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        string all = mantissa[0] + (mantissa.Length > 1 ? mantissa[1] : ""), significant = all.TrimStart('0');
        int point = mantissa[0].Length + exponent - (all.Length - significant.Length);
        return Normalized(double.IsNegative(value), significant, point);
    }

    /// <summary>
    /// These digits if there are no more than the given number after the point, else those of the exact value rounded
    /// there, a tie to the even digit.
    /// </summary>
    public ShortestDigits Rounded(double value, int decimals)
    {
        if (Digits.Length - Point <= decimals)
        {
            return this;
        }

        // value = mantissa · 2^power exactly; in units of 10^−decimals it is numerator / denominator.
        long bits = BitConverter.DoubleToInt64Bits(value);
        int biased = (int)(bits >> 52) & 0x7FF, power = Math.Max(biased, 1) - 1075;
        BigInteger numerator = (bits & 0xFFFFFFFFFFFFF) | (biased == 0 ? 0 : 1L << 52), denominator = 1;
        (numerator, denominator) = power >= 0 ? (numerator << power, denominator) : (numerator, denominator << -power);
        (numerator, denominator) = decimals >= 0
            ? (numerator * BigInteger.Pow(10, decimals), denominator)
            : (numerator, denominator * BigInteger.Pow(10, -decimals));
        BigInteger units = BigInteger.DivRem(numerator, denominator, out BigInteger rest);
        int half = (2 * rest).CompareTo(denominator);
        units += half > 0 || (half == 0 && !units.IsEven) ? 1 : 0;
        string digits = units.IsZero ? "" : units.ToString(CultureInfo.InvariantCulture);
        return Normalized(IsNegative, digits, digits.Length - decimals);
    }

    private static ShortestDigits Normalized(bool isNegative, string digits, int point)
    {
        string trimmed = digits.TrimEnd('0');
        return trimmed.Length == 0 ? new ShortestDigits(isNegative, "", 1) : new ShortestDigits(isNegative, trimmed, point);
    }
}
