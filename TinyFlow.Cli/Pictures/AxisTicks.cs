using System.Globalization;
using ScottPlot.TickGenerators;

namespace TinyFlow.Cli.Pictures;

/// <summary>
/// Places and labels on an axis: multiples of 1, 2 or 5 times a power of ten, with as many decimals as the distance
/// between them needs, so that no two have the same label however little a curve moves.
/// </summary>
internal static class AxisTicks
{
    private const int Wanted = 5, MostDecimals = 15;

    // From here on a number is written with its power of ten.
    private const double Large = 1e7;

    /// <summary>The marks of an axis between two different, finite numbers, from the lower to the higher.</summary>
    public static IReadOnlyList<(double Position, string Label)> Between(double low, double high)
    {
        double step = Step((high - low) / Wanted);
        int decimals = Math.Clamp((int)-Math.Floor(Math.Log10(step) + 1e-9), 0, MostDecimals);
        double largest = Math.Max(Math.Abs(low), Math.Abs(high));
        string format = largest < Large ? $"N{decimals}" : $"0.{new string('#', Math.Clamp((int)Math.Ceiling(Math.Log10(largest / step)), 0, MostDecimals))}e0";
        double first = Math.Ceiling(low / step - 1e-9);
        return
        [
            .. Enumerable.Range(0, 3 * Wanted)
                .Select(i => (first + i) * step)
                .TakeWhile(position => position <= high + 1e-9 * step)
                .Select(position => (position, position.ToString(format, CultureInfo.InvariantCulture))),
        ];
    }

    /// <summary>The same for the plotting library.</summary>
    public static NumericManual Generator(double low, double high)
    {
        NumericManual generator = new();
        foreach ((double position, string label) in Between(low, high))
        {
            generator.AddMajor(position, label);
        }

        return generator;
    }

    // The nearest on a logarithmic scale: between two neighbours lies the root of their product.
    private static double Step(double wanted)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(wanted))), digit = wanted / power;
        return power * (digit * digit) switch
        {
            < 1 * 2 => 1,
            < 2 * 5 => 2,
            < 5 * 10 => 5,
            _ => 10,
        };
    }
}
