using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Pixels;

/// <summary>
/// The loops of a normalization over pixels whose channels lie side by side, for one to four vectors of channels, whose
/// sums and coefficients stay in registers.
/// </summary>
internal static unsafe class PixelLoops<T, TVectors>
    where T : struct, ILanes<T>
    where TVectors : struct, INumberOf
{
    /// <summary>Mean and sum of squared distances from it, in two passes of which the second finds the pixels in the cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Moments(float* x, nint stride, int pixels, float* mean, float* squares)
    {
        T sum0 = T.Zero, sum1 = T.Zero, sum2 = T.Zero, sum3 = T.Zero;
        float* p = x;
        for (int i = 0; i < pixels; i++, p += stride)
        {
            sum0 += T.Load(p + 0 * T.Count);

            if (TVectors.Count > 1)
            {
                sum1 += T.Load(p + 1 * T.Count);
            }

            if (TVectors.Count > 2)
            {
                sum2 += T.Load(p + 2 * T.Count);
            }

            if (TVectors.Count > 3)
            {
                sum3 += T.Load(p + 3 * T.Count);
            }
        }

        T share = T.Create(1f / pixels);
        T mean0 = sum0 * share, mean1 = sum1 * share, mean2 = sum2 * share, mean3 = sum3 * share;
        T square0 = T.Zero, square1 = T.Zero, square2 = T.Zero, square3 = T.Zero;
        p = x;
        for (int i = 0; i < pixels; i++, p += stride)
        {
            T far0 = T.Load(p + 0 * T.Count) - mean0;
            square0 = T.MultiplyAdd(far0, far0, square0);

            if (TVectors.Count > 1)
            {
                T far1 = T.Load(p + 1 * T.Count) - mean1;
                square1 = T.MultiplyAdd(far1, far1, square1);
            }

            if (TVectors.Count > 2)
            {
                T far2 = T.Load(p + 2 * T.Count) - mean2;
                square2 = T.MultiplyAdd(far2, far2, square2);
            }

            if (TVectors.Count > 3)
            {
                T far3 = T.Load(p + 3 * T.Count) - mean3;
                square3 = T.MultiplyAdd(far3, far3, square3);
            }
        }

        T.Store(mean0, mean + 0 * T.Count);
        T.Store(square0, squares + 0 * T.Count);

        if (TVectors.Count > 1)
        {
            T.Store(mean1, mean + 1 * T.Count);
            T.Store(square1, squares + 1 * T.Count);
        }

        if (TVectors.Count > 2)
        {
            T.Store(mean2, mean + 2 * T.Count);
            T.Store(square2, squares + 2 * T.Count);
        }

        if (TVectors.Count > 3)
        {
            T.Store(mean3, mean + 3 * T.Count);
            T.Store(square3, squares + 3 * T.Count);
        }
    }

    /// <summary>y = (x − mean)·scale + shift, and the activation, which lets a NaN through: MaxNative gives its second operand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Normalize(float* x, nint xStride, float* y, nint yStride, int pixels, int lanes, in PixelCoefficients c, int channel)
    {
        bool relu = c.Relu;
        T mean0 = T.Load(c.Mean + channel + 0 * T.Count), scale0 = T.Load(c.Scale + channel + 0 * T.Count), shift0 = T.Load(c.Shift + channel + 0 * T.Count);
        T mean1 = Load(1, c.Mean + channel + 1 * T.Count), scale1 = Load(1, c.Scale + channel + 1 * T.Count), shift1 = Load(1, c.Shift + channel + 1 * T.Count);
        T mean2 = Load(2, c.Mean + channel + 2 * T.Count), scale2 = Load(2, c.Scale + channel + 2 * T.Count), shift2 = Load(2, c.Shift + channel + 2 * T.Count);
        T mean3 = Load(3, c.Mean + channel + 3 * T.Count), scale3 = Load(3, c.Scale + channel + 3 * T.Count), shift3 = Load(3, c.Shift + channel + 3 * T.Count);

        for (int i = 0; i < pixels; i++, x += xStride, y += yStride)
        {
            T y0 = T.MultiplyAdd(T.Load(x + 0 * T.Count) - mean0, scale0, shift0);
            Store(relu ? T.MaxNative(T.Zero, y0) : y0, y + 0 * T.Count, lanes);

            if (TVectors.Count > 1)
            {
                T y1 = T.MultiplyAdd(T.Load(x + 1 * T.Count) - mean1, scale1, shift1);
                Store(relu ? T.MaxNative(T.Zero, y1) : y1, y + 1 * T.Count, lanes);
            }

            if (TVectors.Count > 2)
            {
                T y2 = T.MultiplyAdd(T.Load(x + 2 * T.Count) - mean2, scale2, shift2);
                Store(relu ? T.MaxNative(T.Zero, y2) : y2, y + 2 * T.Count, lanes);
            }

            if (TVectors.Count > 3)
            {
                T y3 = T.MultiplyAdd(T.Load(x + 3 * T.Count) - mean3, scale3, shift3);
                Store(relu ? T.MaxNative(T.Zero, y3) : y3, y + 3 * T.Count, lanes);
            }
        }
    }

    /// <summary>Σ dy and Σ dy·(x − mean) over what the activation let through.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void GradientSums(float* x, float* dy, nint stride, int pixels, in PixelCoefficients c, int channel, float* sums, float* products)
    {
        bool relu = c.Relu;
        T mean0 = T.Load(c.Mean + channel + 0 * T.Count), scale0 = T.Load(c.Scale + channel + 0 * T.Count), shift0 = T.Load(c.Shift + channel + 0 * T.Count);
        T mean1 = Load(1, c.Mean + channel + 1 * T.Count), scale1 = Load(1, c.Scale + channel + 1 * T.Count), shift1 = Load(1, c.Shift + channel + 1 * T.Count);
        T mean2 = Load(2, c.Mean + channel + 2 * T.Count), scale2 = Load(2, c.Scale + channel + 2 * T.Count), shift2 = Load(2, c.Shift + channel + 2 * T.Count);
        T mean3 = Load(3, c.Mean + channel + 3 * T.Count), scale3 = Load(3, c.Scale + channel + 3 * T.Count), shift3 = Load(3, c.Shift + channel + 3 * T.Count);

        T sum0 = T.Zero, sum1 = T.Zero, sum2 = T.Zero, sum3 = T.Zero;
        T product0 = T.Zero, product1 = T.Zero, product2 = T.Zero, product3 = T.Zero;
        for (int i = 0; i < pixels; i++, x += stride, dy += stride)
        {
            T far0 = T.Load(x + 0 * T.Count) - mean0, dy0 = Through(relu, T.MultiplyAdd(far0, scale0, shift0), T.Load(dy + 0 * T.Count));
            sum0 += dy0;
            product0 = T.MultiplyAdd(dy0, far0, product0);

            if (TVectors.Count > 1)
            {
                T far1 = T.Load(x + 1 * T.Count) - mean1, dy1 = Through(relu, T.MultiplyAdd(far1, scale1, shift1), T.Load(dy + 1 * T.Count));
                sum1 += dy1;
                product1 = T.MultiplyAdd(dy1, far1, product1);
            }

            if (TVectors.Count > 2)
            {
                T far2 = T.Load(x + 2 * T.Count) - mean2, dy2 = Through(relu, T.MultiplyAdd(far2, scale2, shift2), T.Load(dy + 2 * T.Count));
                sum2 += dy2;
                product2 = T.MultiplyAdd(dy2, far2, product2);
            }

            if (TVectors.Count > 3)
            {
                T far3 = T.Load(x + 3 * T.Count) - mean3, dy3 = Through(relu, T.MultiplyAdd(far3, scale3, shift3), T.Load(dy + 3 * T.Count));
                sum3 += dy3;
                product3 = T.MultiplyAdd(dy3, far3, product3);
            }
        }

        T.Store(sum0, sums + 0 * T.Count);
        T.Store(product0, products + 0 * T.Count);

        if (TVectors.Count > 1)
        {
            T.Store(sum1, sums + 1 * T.Count);
            T.Store(product1, products + 1 * T.Count);
        }

        if (TVectors.Count > 2)
        {
            T.Store(sum2, sums + 2 * T.Count);
            T.Store(product2, products + 2 * T.Count);
        }

        if (TVectors.Count > 3)
        {
            T.Store(sum3, sums + 3 * T.Count);
            T.Store(product3, products + 3 * T.Count);
        }
    }

    /// <summary>dx (+)= scale·(dy − meanDy − (x − mean)·slope), with dy what the activation let through.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Gradient(float* x, float* dy, float* dx, nint stride, int pixels, int lanes, in PixelCoefficients c, int channel, bool adds)
    {
        bool relu = c.Relu;
        T mean0 = T.Load(c.Mean + channel + 0 * T.Count), scale0 = T.Load(c.Scale + channel + 0 * T.Count), shift0 = T.Load(c.Shift + channel + 0 * T.Count);
        T meanDy0 = T.Load(c.MeanGradient + channel + 0 * T.Count), slope0 = T.Load(c.Slope + channel + 0 * T.Count);
        T mean1 = Load(1, c.Mean + channel + 1 * T.Count), scale1 = Load(1, c.Scale + channel + 1 * T.Count), shift1 = Load(1, c.Shift + channel + 1 * T.Count);
        T meanDy1 = Load(1, c.MeanGradient + channel + 1 * T.Count), slope1 = Load(1, c.Slope + channel + 1 * T.Count);
        T mean2 = Load(2, c.Mean + channel + 2 * T.Count), scale2 = Load(2, c.Scale + channel + 2 * T.Count), shift2 = Load(2, c.Shift + channel + 2 * T.Count);
        T meanDy2 = Load(2, c.MeanGradient + channel + 2 * T.Count), slope2 = Load(2, c.Slope + channel + 2 * T.Count);
        T mean3 = Load(3, c.Mean + channel + 3 * T.Count), scale3 = Load(3, c.Scale + channel + 3 * T.Count), shift3 = Load(3, c.Shift + channel + 3 * T.Count);
        T meanDy3 = Load(3, c.MeanGradient + channel + 3 * T.Count), slope3 = Load(3, c.Slope + channel + 3 * T.Count);

        for (int i = 0; i < pixels; i++, x += stride, dy += stride, dx += stride)
        {
            T far0 = T.Load(x + 0 * T.Count) - mean0, dy0 = Through(relu, T.MultiplyAdd(far0, scale0, shift0), T.Load(dy + 0 * T.Count));
            T dx0 = T.NegatedMultiplyAdd(far0, slope0, dy0 - meanDy0) * scale0;
            Store(adds ? dx0 + T.Load(dx + 0 * T.Count) : dx0, dx + 0 * T.Count, lanes);

            if (TVectors.Count > 1)
            {
                T far1 = T.Load(x + 1 * T.Count) - mean1, dy1 = Through(relu, T.MultiplyAdd(far1, scale1, shift1), T.Load(dy + 1 * T.Count));
                T dx1 = T.NegatedMultiplyAdd(far1, slope1, dy1 - meanDy1) * scale1;
                Store(adds ? dx1 + T.Load(dx + 1 * T.Count) : dx1, dx + 1 * T.Count, lanes);
            }

            if (TVectors.Count > 2)
            {
                T far2 = T.Load(x + 2 * T.Count) - mean2, dy2 = Through(relu, T.MultiplyAdd(far2, scale2, shift2), T.Load(dy + 2 * T.Count));
                T dx2 = T.NegatedMultiplyAdd(far2, slope2, dy2 - meanDy2) * scale2;
                Store(adds ? dx2 + T.Load(dx + 2 * T.Count) : dx2, dx + 2 * T.Count, lanes);
            }

            if (TVectors.Count > 3)
            {
                T far3 = T.Load(x + 3 * T.Count) - mean3, dy3 = Through(relu, T.MultiplyAdd(far3, scale3, shift3), T.Load(dy + 3 * T.Count));
                T dx3 = T.NegatedMultiplyAdd(far3, slope3, dy3 - meanDy3) * scale3;
                Store(adds ? dx3 + T.Load(dx + 3 * T.Count) : dx3, dx + 3 * T.Count, lanes);
            }
        }
    }

    // Coefficients that the block does not have are neither loaded nor kept.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Load(int vector, float* from) => TVectors.Count > vector ? T.Load(from) : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Through(bool relu, T y, T dy) => relu ? T.IfPositive(y, dy, T.Zero) : dy;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(T value, float* to, int lanes)
    {
        // Only a single vector may be partial.
        if (TVectors.Count > 1 || lanes == T.Count)
        {
            T.Store(value, to);
        }
        else
        {
            T.StorePartial(value, to, lanes);
        }
    }
}
