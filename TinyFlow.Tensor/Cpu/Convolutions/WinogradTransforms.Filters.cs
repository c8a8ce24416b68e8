using System.Runtime.CompilerServices;

namespace TinyFlow.Cpu.Convolutions;

// G g Gᵀ, and its adjoint.
internal static unsafe partial class WinogradTransforms<T>
{
    /// <summary>G g Gᵀ of nine taps that lie one vector apart.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Filter(float* taps, float* planes, nint planeStride)
    {
        float* half = stackalloc float[Window * 3 * T.Count];
        for (int column = 0; column < 3; column++)
        {
            float* g = taps + column * T.Count;
            FilterSide(T.Load(g), T.Load(g + 3 * T.Count), T.Load(g + 6 * T.Count), half + column * T.Count, 3 * T.Count);
        }

        for (int row = 0; row < Window; row++)
        {
            float* g = half + row * 3 * T.Count;
            FilterSide(T.Load(g), T.Load(g + T.Count), T.Load(g + 2 * T.Count), planes + row * Window * planeStride, planeStride);
        }
    }

    /// <summary>Gᵀ m G for one vector of channels, to nine taps at a distance.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FilterGradient(float* planes, nint planeStride, float* taps, nint rowStride, nint columnStride)
    {
        float* half = stackalloc float[3 * Window * T.Count];
        for (int column = 0; column < Window; column++)
        {
            FilterGradientSide(planes + column * planeStride, Window * planeStride, half + column * T.Count, Window * T.Count);
        }

        for (int row = 0; row < 3; row++)
        {
            FilterGradientSide(half + row * Window * T.Count, T.Count, taps + row * rowStride, columnStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FilterSide(T g0, T g1, T g2, float* to, nint stride)
    {
        T sixth = T.Create(1f / 6), even = (g0 + g2) * sixth, odd = g1 * sixth;
        T.Store(g0 * T.Create(1f / 4), to);
        T.Store(T.Zero - even - odd, to + stride);
        T.Store(odd - even, to + 2 * stride);
        even = T.MultiplyAdd(g0, T.Create(1f / 24), g2 * sixth);
        odd = g1 * T.Create(1f / 12);
        T.Store(even + odd, to + 3 * stride);
        T.Store(even - odd, to + 4 * stride);
        T.Store(g2, to + 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FilterGradientSide(float* from, nint fromStride, float* to, nint stride)
    {
        T m0 = T.Load(from), m1 = T.Load(from + fromStride), m2 = T.Load(from + 2 * fromStride);
        T m3 = T.Load(from + 3 * fromStride), m4 = T.Load(from + 4 * fromStride), m5 = T.Load(from + 5 * fromStride);
        T sixth = T.Create(1f / 6), sum1 = (m1 + m2) * sixth, sum2 = m3 + m4;
        T.Store(T.MultiplyAdd(m0, T.Create(1f / 4), T.MultiplyAdd(sum2, T.Create(1f / 24), T.Zero - sum1)), to);
        T.Store(T.MultiplyAdd(m2 - m1, sixth, (m3 - m4) * T.Create(1f / 12)), to + stride);
        T.Store(T.MultiplyAdd(sum2, sixth, m5 - sum1), to + 2 * stride);
    }
}
