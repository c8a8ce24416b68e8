using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Pointwise;

namespace TinyFlow.Cpu.Couplings;

/// <summary>
/// A monotone rational-quadratic spline. Every lane computes in a bin; those outside the box compute at its nearest edge,
/// where all is finite, and take the identity at the end.
/// </summary>
internal readonly unsafe struct SplineMap : IElementMap
{
    public static int Registers(int parameters) => SplineBin<Lanes128>.Slots * SplineBin<Lanes128>.BinsOf(parameters);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static T Forward<T>(T x, in ElementParameters parameters, out T logSlope) where T : struct, ILanes<T>
    {
        SplineBin<T>.Find(Within(x), byHeight: false, parameters, out SplineBin<T> bin);
        RationalQuadratic<T> curve = bin.CurveAt(Within(x));

        // The difference is 0, or NaN if x is no number.
        logSlope = IfInside(x, curve.LogSlope(), x - x);
        return IfInside(x, T.MultiplyAdd(bin.Height, curve.Value(), bin.Bottom), x);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static T Inverse<T>(T y, in ElementParameters parameters, int count) where T : struct, ILanes<T>
    {
        SplineBin<T>.Find(Within(y), byHeight: true, parameters, out SplineBin<T> bin);
        T theta = RationalQuadratic<T>.Inverse(bin.Slope, bin.First, bin.Second, Fraction((Within(y) - bin.Bottom) / bin.Height));
        return IfInside(y, T.MultiplyAdd(bin.Width, theta, bin.Left), y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static T Gradient<T>(T x, T dy, T dlogSlope, in ElementParameters parameters, float* gradients, int count, bool adds)
        where T : struct, ILanes<T>
    {
        SplineBin<T>.Find(Within(x), byHeight: false, parameters, out SplineBin<T> bin);
        RationalQuadratic<T> curve = bin.CurveAt(Within(x));
        curve.Gradient(dy * bin.Height, dlogSlope, out T dtheta, out T dslope, out T dfirst, out T dsecond);
        T dx = dtheta / bin.Width;
        if (gradients is not null)
        {
            // θ = (x − left)/width and slope = height/width; y = bottom + height·value.
            T dwidth = -T.MultiplyAdd(dtheta, curve.Theta, dslope * bin.Slope) / bin.Width;
            T dheight = T.MultiplyAdd(dy, curve.Value(), dslope / bin.Width);
            bin.Gradient(
                IfInside(x, -dx, T.Zero), IfInside(x, dwidth, T.Zero), IfInside(x, dy, T.Zero), IfInside(x, dheight, T.Zero),
                IfInside(x, dfirst, T.Zero), IfInside(x, dsecond, T.Zero), parameters, gradients, count, adds);
        }

        return IfInside(x, dx, dy);
    }

    /// <summary>Rounding may put a place a little outside its bin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Fraction<T>(T value) where T : struct, ILanes<T> => T.MaxNative(T.Zero, T.MinNative(T.Create(1f), value));

    // The constants come first, so that NaN, in second place, survives.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Within<T>(T value) where T : struct, ILanes<T> =>
        T.MaxNative(T.Create((float)-SplineLimits.Box), T.MinNative(T.Create((float)SplineLimits.Box), value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T IfInside<T>(T value, T inside, T outside) where T : struct, ILanes<T> =>
        T.IfLess(T.Abs(value), T.Create((float)SplineLimits.Box), inside, outside);
}
