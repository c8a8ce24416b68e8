using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

// Aᵀ m A, and its adjoint.
internal static unsafe partial class WinogradTransforms<T>
{
    /// <summary>
    /// Aᵀ m A (+ bias) for one vector of channels of a tile, to its pixels.
    /// </summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Output<TRows, TColumns>(float* planes, nint planeStride, float* bias, float* to, nint rowStride, nint pixelStride, bool adds)
        where TRows : struct, INumberOf
        where TColumns : struct, INumberOf
    {
        float* memory = stackalloc float[Tile * Window * T.Count + 16];
        float* half = CacheLine.Aligned(memory);
        T start = bias is null ? T.Zero : T.Load(bias);

        // Where the tile to the right will be written: a store to a line that is not there waits for the old contents. There is
        // none beside a narrow tile.
        for (int row = 0; TColumns.Count == Tile && row < TRows.Count; row++)
        {
            float* next = to + row * rowStride + Tile * pixelStride;
            for (int column = 0; column < Tile; column++)
            {
                Prefetch.Line(next + column * pixelStride);
            }
        }

        for (int column = 0; column < Window; column++)
        {
            if (!WinogradTile.Has(TColumns.Count, column))
            {
                continue;
            }

            OutputSide<TRows>(planes + column * planeStride, Window * planeStride, out T y0, out T y1, out T y2, out T y3);
            float* h = half + column * T.Count;
            T.Store(y0, h);
            if (TRows.Count > 1)
            {
                T.Store(y1, h + Window * T.Count);
            }

            if (TRows.Count > 2)
            {
                T.Store(y2, h + 2 * Window * T.Count);
            }

            if (TRows.Count > 3)
            {
                T.Store(y3, h + 3 * Window * T.Count);
            }
        }

        for (int row = 0; row < TRows.Count; row++)
        {
            float* pixel = to + row * rowStride;
            OutputSide<TColumns>(half + row * Window * T.Count, T.Count, out T y0, out T y1, out T y2, out T y3);
            Write(y0 + start, pixel, adds);
            if (TColumns.Count > 1)
            {
                Write(y1 + start, pixel + pixelStride, adds);
            }

            if (TColumns.Count > 2)
            {
                Write(y2 + start, pixel + 2 * pixelStride, adds);
            }

            if (TColumns.Count > 3)
            {
                Write(y3 + start, pixel + 3 * pixelStride, adds);
            }
        }
    }

    /// <summary>A dy Aᵀ for all channels of a tile; and the tile's pixels are added to sums, per channel.</summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OutputGradient<TRows, TColumns>(float* dy, nint rowStride, nint pixelStride, int vectors, float* planes, nint planeStride, float* sums)
        where TRows : struct, INumberOf
        where TColumns : struct, INumberOf
    {
        float* memory = stackalloc float[Window * Tile * T.Count + 16];
        float* half = CacheLine.Aligned(memory);
        for (int vector = 0; vector < vectors; vector++)
        {
            T total = T.Zero;
            bool fetches = TColumns.Count == Tile && vector * T.Count % CacheLine.Length == 0;
            for (int column = 0; column < TColumns.Count; column++)
            {
                float* pixel = dy + column * pixelStride + vector * T.Count;
                if (fetches)
                {
                    // The tile to the right.
                    float* next = pixel + TColumns.Count * pixelStride;
                    for (int row = 0; row < TRows.Count; row++)
                    {
                        Prefetch.Line(next + row * rowStride);
                    }
                }

                T y0 = T.Load(pixel), y1 = TRows.Count > 1 ? T.Load(pixel + rowStride) : T.Zero;
                T y2 = TRows.Count > 2 ? T.Load(pixel + 2 * rowStride) : T.Zero, y3 = TRows.Count > 3 ? T.Load(pixel + 3 * rowStride) : T.Zero;
                total += y0 + y1 + (y2 + y3);
                OutputGradientSide<TRows>(y0, y1, y2, y3, half + column * T.Count, Tile * T.Count);
            }

            T.Store(T.Load(sums + vector * T.Count) + total, sums + vector * T.Count);
            float* from = half, plane = planes + vector * T.Count;
            for (int row = 0; row < Window; row++)
            {
                if (WinogradTile.Has(TRows.Count, row))
                {
                    OutputGradientSide<TColumns>(
                        T.Load(from),
                        TColumns.Count > 1 ? T.Load(from + T.Count) : T.Zero,
                        TColumns.Count > 2 ? T.Load(from + 2 * T.Count) : T.Zero,
                        TColumns.Count > 3 ? T.Load(from + 3 * T.Count) : T.Zero,
                        plane, planeStride);
                }

                from += Tile * T.Count;
                plane += Window * planeStride;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(T value, float* to, bool adds) => T.Store(adds ? value + T.Load(to) : value, to);

    // y_k = Σ_p pᵏ m_p, and m_∞ more in the last.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputSide<TSide>(float* from, nint stride, out T y0, out T y1, out T y2, out T y3) where TSide : struct, INumberOf
    {
        T m0 = T.Load(from), m1 = T.Load(from + stride), m5 = T.Load(from + 5 * stride);
        y1 = y2 = y3 = T.Zero;
        if (TSide.Count == 1)
        {
            y0 = m0 + m1 + m5;
            return;
        }

        T m2 = T.Load(from + 2 * stride), sum1 = m1 + m2, difference1 = m1 - m2;
        if (TSide.Count == 2)
        {
            y0 = m0 + sum1;
            y1 = difference1 + m5;
            return;
        }

        T m3 = T.Load(from + 3 * stride), two = T.Create(2f), four = T.Create(4f);
        if (TSide.Count == 3)
        {
            y0 = m0 + sum1 + m3;
            y1 = T.MultiplyAdd(two, m3, difference1);
            y2 = T.MultiplyAdd(four, m3, sum1) + m5;
            return;
        }

        T m4 = T.Load(from + 4 * stride), sum2 = m3 + m4, difference2 = m3 - m4;
        y0 = m0 + sum1 + sum2;
        y1 = T.MultiplyAdd(two, difference2, difference1);
        y2 = T.MultiplyAdd(four, sum2, sum1);
        y3 = T.MultiplyAdd(T.Create(8f), difference2, difference1) + m5;
    }

    // m_p = Σ_k pᵏ y_k, and the last y for ∞. What lies beyond the tile's side is zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OutputGradientSide<TSide>(T y0, T y1, T y2, T y3, float* to, nint stride) where TSide : struct, INumberOf
    {
        T.Store(y0, to);
        if (TSide.Count == 1)
        {
            T.Store(y0, to + stride);
            T.Store(y0, to + 5 * stride);
            return;
        }

        T even = TSide.Count > 2 ? y0 + y2 : y0, odd = TSide.Count > 3 ? y1 + y3 : y1;
        T.Store(even + odd, to + stride);
        T.Store(even - odd, to + 2 * stride);
        if (TSide.Count == 2)
        {
            T.Store(y1, to + 5 * stride);
            return;
        }

        T two = T.Create(2f);
        even = T.MultiplyAdd(T.Create(4f), y2, y0);
        odd = TSide.Count > 3 ? T.MultiplyAdd(T.Create(8f), y3, two * y1) : two * y1;
        T.Store(even + odd, to + 3 * stride);
        if (TSide.Count > 3)
        {
            T.Store(even - odd, to + 4 * stride);
        }

        T.Store(TSide.Count > 3 ? y3 : y2, to + 5 * stride);
    }
}
