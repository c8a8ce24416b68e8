using System.Globalization;

namespace TinyFlow;

/// <summary>Turns numbers into words as NumPy does: the fewest digits that tell them apart from their neighbours, at most 8 decimals.</summary>
internal static class NumpyNumbers
{
    private const int Precision = 8;

    /// <summary>A number by itself, in full.</summary>
    public static string Scalar(double value, bool isSingle)
    {
        if (!double.IsFinite(value))
        {
            return NotFinite(value);
        }

        double magnitude = Math.Abs(value);
        ShortestDigits digits = ShortestDigits.Of(value, isSingle);
        if (magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16))
        {
            string fraction = digits.ScientificFraction;
            return $"{digits.Sign}{digits.Leading}{(fraction.Length > 0 ? "." : "")}{fraction}e{Exponent(digits.Exponent, 2)}";
        }

        return $"{digits.Sign}{digits.Integer}.{(digits.Fraction.Length > 0 ? digits.Fraction : "0")}";
    }

    /// <summary>Numbers that stand together: words of equal length, with their points below each other.</summary>
    public static string[] Align(double[] values, bool isSingle)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        bool scientific = NeedsScientific(finite, isSingle);
        (string Left, string Right)[] parts = [.. finite.Select(value => scientific ? Scientific(value, isSingle) : Positional(value, isSingle))];
        int exponentDigits = scientific ? finite.Max(value => ExponentDigits(value, isSingle)) : 0;
        int left = parts.Select(part => part.Left.Length).DefaultIfEmpty(0).Max(), right = parts.Select(part => part.Right.Length).DefaultIfEmpty(0).Max();
        int tail = scientific ? right + exponentDigits + 2 : right;
        foreach (double other in values.Where(value => !double.IsFinite(value)))
        {
            left = Math.Max(left, NotFinite(other).Length - tail - 1);
        }

        return [.. values.Select(value => Word(value))];

        string Word(double value)
        {
            if (!double.IsFinite(value))
            {
                return NotFinite(value).PadLeft(left + 1 + tail);
            }

            if (scientific)
            {
                (string integer, string fraction) = Scientific(value, isSingle);
                return $"{integer.PadLeft(left)}.{fraction.PadRight(right, '0')}e{Exponent(Cut(value, isSingle).Exponent, exponentDigits)}";
            }

            (string whole, string decimals) = Positional(value, isSingle);
            return $"{whole.PadLeft(left)}.{decimals.PadRight(right)}";
        }
    }

    private static bool NeedsScientific(double[] finite, bool isSingle)
    {
        double[] magnitudes = [.. finite.Where(value => value != 0).Select(Math.Abs)];
        if (magnitudes.Length == 0)
        {
            return false;
        }

        // NumPy compares in the array's own precision: float32's 0.0001 is not below 0.0001.
        double largest = magnitudes.Max(), smallest = magnitudes.Min();
        return largest >= 1e8 || (isSingle ? (float)smallest < 1e-4f : smallest < 1e-4) || (isSingle ? (float)largest / (float)smallest : largest / smallest) > 1000;
    }

    private static (string Left, string Right) Positional(double value, bool isSingle)
    {
        ShortestDigits digits = ShortestDigits.Of(value, isSingle).Rounded(value, Precision);
        return (digits.Sign + digits.Integer, digits.Fraction);
    }

    private static (string Left, string Right) Scientific(double value, bool isSingle)
    {
        ShortestDigits digits = Cut(value, isSingle);
        return (digits.Sign + digits.Leading, digits.ScientificFraction);
    }

    private static int ExponentDigits(double value, bool isSingle) =>
        Math.Max(2, Math.Abs(Cut(value, isSingle).Exponent).ToString(CultureInfo.InvariantCulture).Length);

    private static ShortestDigits Cut(double value, bool isSingle)
    {
        ShortestDigits digits = ShortestDigits.Of(value, isSingle);
        return digits.Rounded(value, Precision - digits.Exponent);
    }

    private static string Exponent(int exponent, int digits) =>
        (exponent < 0 ? "-" : "+") + Math.Abs(exponent).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');

    private static string NotFinite(double value) => double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
