using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// The linear maps of F(4x4, 3x3) (Lavin and Gray 2016; points 0, ±1, ±2, ∞), one vector of channels at a time:
/// an output tile is Aᵀ[(G g Gᵀ) ∘ (Bᵀ d B)]A of a 6x6 input tile d and a filter g: 36 multiplications instead of 144.
/// The gradients are the adjoint maps: that of the filter is Gᵀ[(A dy Aᵀ) ∘ (Bᵀ d B)]G.
/// A transformed tile is spread over 36 planes, one a multiplication.
/// </summary>
internal static unsafe class WinogradTransforms<T> where T : struct, ILanes<T>
{
    /// <summary>Output pixels along a side of a tile.</summary>
    public const int Tile = 4;

    /// <summary>Input pixels along a side of a tile.</summary>
    public const int Window = 6;

    /// <summary>Multiplications of a tile and pair of channels.</summary>
    public const int Planes = Window * Window;

    /// <summary>
    /// Bᵀ d B for all channels of a tile. Row pointers point to the tile's first column; columns outside
    /// [firstColumn, endColumn) are zero padding.
    /// </summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(float** rows, int firstColumn, int endColumn, nint pixelStride, int vectors, float* planes, nint planeStride)
    {
        float* memory = stackalloc float[Planes * T.Count + 16];
        float* half = Aligned(memory);
        for (int i = 0; i < Planes; i++)
        {
            if (i % Window < firstColumn || i % Window >= endColumn)
            {
                T.Store(T.Zero, half + i * T.Count);
            }
        }

        T two = T.Create(2f), four = T.Create(4f), five = T.Create(5f);
        float* row0 = rows[0], row1 = rows[1], row2 = rows[2], row3 = rows[3], row4 = rows[4], row5 = rows[5];
        for (int vector = 0; vector < vectors; vector++)
        {
            nint offset = firstColumn * pixelStride + vector * T.Count;
            float* to = half + firstColumn * T.Count;
            for (int column = firstColumn; column < endColumn; column++)
            {
                InputSide(
                    T.Load(row0 + offset), T.Load(row1 + offset), T.Load(row2 + offset), T.Load(row3 + offset), T.Load(row4 + offset), T.Load(row5 + offset),
                    two, four, five, to, Window * T.Count);
                offset += pixelStride;
                to += T.Count;
            }

            float* from = half, plane = planes + vector * T.Count;
            for (int row = 0; row < Window; row++)
            {
                InputSide(
                    T.Load(from), T.Load(from + T.Count), T.Load(from + 2 * T.Count), T.Load(from + 3 * T.Count), T.Load(from + 4 * T.Count), T.Load(from + 5 * T.Count),
                    two, four, five, plane, planeStride);
                from += Window * T.Count;
                plane += Window * planeStride;
            }
        }
    }

    /// <summary>
    /// Aᵀ m A (+ bias) for one vector of channels of a tile, to 16 pixels. Rows and columns from the given numbers on
    /// lie outside the image and are not written.
    /// </summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Output(float* planes, nint planeStride, float* bias, float* to, nint rowStride, nint pixelStride, int rows, int columns, bool adds)
    {
        float* memory = stackalloc float[Tile * Window * T.Count + 16];
        float* half = Aligned(memory);
        T two = T.Create(2f), four = T.Create(4f), eight = T.Create(8f), start = bias is null ? T.Zero : T.Load(bias);
        nint down = Window * planeStride;
        for (int column = 0; column < Window; column++)
        {
            float* m = planes + column * planeStride;
            OutputSide(
                T.Load(m), T.Load(m + down), T.Load(m + 2 * down), T.Load(m + 3 * down), T.Load(m + 4 * down), T.Load(m + 5 * down), two, four, eight,
                out T y0, out T y1, out T y2, out T y3);
            float* h = half + column * T.Count;
            T.Store(y0, h);
            T.Store(y1, h + Window * T.Count);
            T.Store(y2, h + 2 * Window * T.Count);
            T.Store(y3, h + 3 * Window * T.Count);
        }

        for (int row = 0; row < rows; row++)
        {
            float* h = half + row * Window * T.Count, pixel = to + row * rowStride;
            OutputSide(
                T.Load(h), T.Load(h + T.Count), T.Load(h + 2 * T.Count), T.Load(h + 3 * T.Count), T.Load(h + 4 * T.Count), T.Load(h + 5 * T.Count), two, four, eight,
                out T y0, out T y1, out T y2, out T y3);
            Write(y0 + start, pixel, adds);
            if (columns > 1)
            {
                Write(y1 + start, pixel + pixelStride, adds);
            }

            if (columns > 2)
            {
                Write(y2 + start, pixel + 2 * pixelStride, adds);
            }

            if (columns > 3)
            {
                Write(y3 + start, pixel + 3 * pixelStride, adds);
            }
        }
    }

    /// <summary>
    /// A dy Aᵀ for all channels of a tile, with what lies outside the image as zeros; and the tile's pixels are added
    /// to sums, per channel.
    /// </summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OutputGradient(
        float* dy, nint rowStride, nint pixelStride, int rows, int columns, int vectors, float* planes, nint planeStride, float* sums)
    {
        float* memory = stackalloc float[Window * Tile * T.Count + 16];
        float* half = Aligned(memory);
        T two = T.Create(2f), four = T.Create(4f), eight = T.Create(8f);
        for (int i = 0; i < Window * Tile; i++)
        {
            if (i % Tile >= columns)
            {
                T.Store(T.Zero, half + i * T.Count);
            }
        }

        for (int vector = 0; vector < vectors; vector++)
        {
            T total = T.Zero;
            for (int column = 0; column < columns; column++)
            {
                float* pixel = dy + column * pixelStride + vector * T.Count;
                T y0 = T.Load(pixel), y1 = rows > 1 ? T.Load(pixel + rowStride) : T.Zero;
                T y2 = rows > 2 ? T.Load(pixel + 2 * rowStride) : T.Zero, y3 = rows > 3 ? T.Load(pixel + 3 * rowStride) : T.Zero;
                total += y0 + y1 + (y2 + y3);
                OutputGradientSide(y0, y1, y2, y3, two, four, eight, half + column * T.Count, Tile * T.Count);
            }

            T.Store(T.Load(sums + vector * T.Count) + total, sums + vector * T.Count);
            float* from = half, plane = planes + vector * T.Count;
            for (int row = 0; row < Window; row++)
            {
                OutputGradientSide(
                    T.Load(from), T.Load(from + T.Count), T.Load(from + 2 * T.Count), T.Load(from + 3 * T.Count), two, four, eight, plane, planeStride);
                from += Tile * T.Count;
                plane += Window * planeStride;
            }
        }
    }

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
    private static float* Aligned(float* memory) => (float*)(((nint)memory + 63) & ~63);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(T value, float* to, bool adds) => T.Store(adds ? value + T.Load(to) : value, to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InputSide(T d0, T d1, T d2, T d3, T d4, T d5, T two, T four, T five, float* to, nint stride)
    {
        T.Store(T.NegatedMultiplyAdd(five, d2, T.MultiplyAdd(four, d0, d4)), to);
        T even = T.NegatedMultiplyAdd(four, d2, d4), odd = T.NegatedMultiplyAdd(four, d1, d3);
        T.Store(even + odd, to + stride);
        T.Store(even - odd, to + 2 * stride);
        even = d4 - d2;
        odd = d3 - d1;
        T.Store(T.MultiplyAdd(two, odd, even), to + 3 * stride);
        T.Store(T.NegatedMultiplyAdd(two, odd, even), to + 4 * stride);
        T.Store(T.NegatedMultiplyAdd(five, d3, T.MultiplyAdd(four, d1, d5)), to + 5 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputSide(T m0, T m1, T m2, T m3, T m4, T m5, T two, T four, T eight, out T y0, out T y1, out T y2, out T y3)
    {
        T sum1 = m1 + m2, difference1 = m1 - m2, sum2 = m3 + m4, difference2 = m3 - m4;
        y0 = m0 + sum1 + sum2;
        y1 = T.MultiplyAdd(two, difference2, difference1);
        y2 = T.MultiplyAdd(four, sum2, sum1);
        y3 = T.MultiplyAdd(eight, difference2, difference1) + m5;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputGradientSide(T y0, T y1, T y2, T y3, T two, T four, T eight, float* to, nint stride)
    {
        T.Store(y0, to);
        T even = y0 + y2, odd = y1 + y3;
        T.Store(even + odd, to + stride);
        T.Store(even - odd, to + 2 * stride);
        even = T.MultiplyAdd(four, y2, y0);
        odd = T.MultiplyAdd(eight, y3, two * y1);
        T.Store(even + odd, to + 3 * stride);
        T.Store(even - odd, to + 4 * stride);
        T.Store(y3, to + 5 * stride);
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
