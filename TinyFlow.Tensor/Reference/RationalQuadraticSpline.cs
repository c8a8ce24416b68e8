using TinyFlow.Pointwise;

namespace TinyFlow;

/// <summary>The parameters of a rational-quadratic spline at one place: K logits of widths, K of heights, K − 1 inner derivatives.</summary>
internal readonly ref struct RationalQuadraticSpline
{
    private readonly ReadOnlySpan<double> _h;
    private readonly int _stride, _bins;
    private readonly double _widthNormalizer, _heightNormalizer;

    /// <summary>The parameters that begin at an element of h, each <paramref name="stride"/> elements behind the one before.</summary>
    public RationalQuadraticSpline(ReadOnlySpan<double> h, int first, int stride, int bins)
    {
        _h = h[first..];
        _stride = stride;
        _bins = bins;
        _widthNormalizer = LogSumExp(0);
        _heightNormalizer = LogSumExp(bins);
    }

    /// <summary>How far a share of a softmax, from 0 to 1, changes a bin's size.</summary>
    public double Free => 2 * SplineLimits.Box * (1 - _bins * SplineLimits.SmallestBin);

    /// <summary>Whether the spline, rather than the identity, maps a value.</summary>
    public static bool IsInside(double value) => Math.Abs(value) < SplineLimits.Box;

    public double WidthShare(int k) => Math.Exp(Parameter(k) - _widthNormalizer);

    public double HeightShare(int k) => Math.Exp(Parameter(_bins + k) - _heightNormalizer);

    /// <summary>The derivative of the raw number's softplus at a knot; no number at the box's ends has one.</summary>
    public double DerivativeSlope(int knot) => Sigmoid.Forward(new Float64(RawDerivative(knot))).Value;

    /// <summary>The bin that holds x.</summary>
    public Bin BinOfX(double x)
    {
        Bin bin = BinAt(0, -SplineLimits.Box, -SplineLimits.Box);
        while (bin.Index + 1 < _bins && x >= bin.Left + bin.Width)
        {
            bin = BinAt(bin.Index + 1, bin.Left + bin.Width, bin.Bottom + bin.Height);
        }

        return bin;
    }

    /// <summary>The bin that holds y.</summary>
    public Bin BinOfY(double y)
    {
        Bin bin = BinAt(0, -SplineLimits.Box, -SplineLimits.Box);
        while (bin.Index + 1 < _bins && y >= bin.Bottom + bin.Height)
        {
            bin = BinAt(bin.Index + 1, bin.Left + bin.Width, bin.Bottom + bin.Height);
        }

        return bin;
    }

    private Bin BinAt(int index, double left, double bottom) =>
        new(index, left, bottom, SizeOf(WidthShare(index)), SizeOf(HeightShare(index)), Derivative(index), Derivative(index + 1));

    private double SizeOf(double share) => 2 * SplineLimits.Box * SplineLimits.SmallestBin + Free * share;

    private double Derivative(int knot) => knot == 0 || knot == _bins
        ? 1
        : SplineLimits.SmallestDerivative + Softplus.Forward(new Float64(RawDerivative(knot))).Value;

    private double RawDerivative(int knot) => Parameter(2 * _bins + knot - 1);

    private double Parameter(int number) => _h[number * _stride];

    private double LogSumExp(int first)
    {
        double largest = double.NegativeInfinity, sum = 0;
        for (int k = 0; k < _bins; k++)
        {
            largest = Math.Max(largest, Parameter(first + k));
        }

        for (int k = 0; k < _bins; k++)
        {
            sum += Math.Exp(Parameter(first + k) - largest);
        }

        return largest + Math.Log(sum);
    }

    /// <summary>A bin: its number, its corner, its size, and the derivatives at its two knots.</summary>
    public readonly record struct Bin(int Index, double Left, double Bottom, double Width, double Height, double First, double Second)
    {
        public double Slope => Height / Width;

        /// <summary>The spline's curve in the bin, at x.</summary>
        public RationalQuadratic<Float64> CurveAt(double x) =>
            new(new(Slope), new(First), new(Second), new(Fraction((x - Left) / Width)));

        /// <summary>The x of y.</summary>
        public double Inverse(double y) =>
            Left + Width * RationalQuadratic<Float64>.Inverse(new(Slope), new(First), new(Second), new(Fraction((y - Bottom) / Height))).Value;

        // Rounding may put a place a little outside its bin.
        private static double Fraction(double value) => Math.Clamp(value, 0, 1);
    }
}
