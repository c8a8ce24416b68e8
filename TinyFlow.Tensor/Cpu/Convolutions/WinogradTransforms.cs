using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Pixels;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// The linear maps of F(4x4, 3x3) (Lavin and Gray 2016; points 0, ±1, ±2, ∞), one vector of channels at a time:
/// an output tile is Aᵀ[(G g Gᵀ) ∘ (Bᵀ d B)]A of a 6x6 input tile d and a filter g: 36 multiplications instead of 144.
/// The gradients are the adjoint maps: that of the filter is Gᵀ[(A dy Aᵀ) ∘ (Bᵀ d B)]G.
/// A transformed tile is spread over 36 planes, one a multiplication: plane 6·i + j belongs to point i down, point j across.
/// <para>
/// Tiles of 1 to 3 pixels along a side need fewer points there: F(3, 3) does without −2, F(2, 3) without ±2, F(1, 3)
/// without −1 and ±2. Leaving a point q out divides the polynomial of the others by (x − q), so the row of G for point p
/// would grow by (p − q). Here that factor goes into the row of B instead: G, and so the transformed filters, are the same
/// for tiles of all sizes, which simply have no part in the planes of the points that they do without.
/// </para>
/// </summary>
/// <typeparam name="T">The vector registers.</typeparam>
internal static unsafe class WinogradTransforms<T> where T : struct, ILanes<T>
{
    /// <summary>The most output pixels along a side of a tile.</summary>
    public const int Tile = WinogradTile.MostSide;

    /// <summary>The most input pixels along a side of a tile; also the number of points.</summary>
    public const int Window = WinogradTile.Points;

    /// <summary>Multiplications of a tile and pair of channels.</summary>
    public const int Planes = Window * Window;

    /// <summary>
    /// Bᵀ d B for all channels of a tile. Row pointers point to the tile's first column; columns outside
    /// [firstColumn, endColumn) are zero padding. If values are normalized on entry, rows of padding are null; else they
    /// point to zeros.
    /// </summary>
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input<TRows, TColumns, TEntry>(
        float** rows, int firstColumn, int endColumn, nint pixelStride, int vectors, WinogradColumns<T> columns, float* planes, nint planeStride, PixelCoefficients* entry)
        where TRows : struct, INumberOf
        where TColumns : struct, INumberOf
        where TEntry : struct, IEntry
    {
        bool goesOn = endColumn == Window;
        nint firstPair = columns.Pair(0), secondPair = columns.Pair(1), thirdPair = columns.Pair(2), start = columns.Place(columns.Kept);
        float* row0 = rows[0], row1 = rows[1], row2 = rows[2], row3 = rows[3], row4 = rows[4], row5 = rows[5];
        for (int vector = 0; vector < vectors; vector++)
        {
            if (goesOn && vector * T.Count % CacheLine.Length == 0)
            {
                // The columns that the tile to the right has more than this one.
                nint next = Window * pixelStride + vector * T.Count;
                for (int i = 0; i < Tile; i++)
                {
                    Prefetch.Line(row0 + next);
                    Prefetch.Line(row1 + next);
                    Prefetch.Line(row2 + next);
                    Prefetch.Line(row3 + next);
                    Prefetch.Line(row4 + next);
                    Prefetch.Line(row5 + next);
                    next += pixelStride;
                }
            }

            float* half = columns.Of(vector), to = half + start, end = half + Window * T.Count;
            int column = columns.Kept;
            for (; column < firstColumn; column++)
            {
                Pad<TRows>(to);
                to = to + T.Count == end ? half : to + T.Count;
            }

            nint offset = column * pixelStride + vector * T.Count;
            Entry<T, TEntry> enter = new(entry, vector * T.Count);
            for (; column < endColumn; column++)
            {
                InputSide<TRows>(
                    enter.Load(row0, offset), enter.Load(row1, offset), enter.Load(row2, offset),
                    TRows.Count > 1 ? enter.Load(row3, offset) : T.Zero,
                    TRows.Count > 2 ? enter.Load(row4, offset) : T.Zero,
                    TRows.Count > 3 ? enter.Load(row5, offset) : T.Zero,
                    to, Window * T.Count);
                offset += pixelStride;
                to = to + T.Count == end ? half : to + T.Count;
            }

            for (; column < Window; column++)
            {
                Pad<TRows>(to);
                to = to + T.Count == end ? half : to + T.Count;
            }

            float* from = half, plane = planes + vector * T.Count;
            for (int row = 0; row < Window; row++)
            {
                if (WinogradTile.Has(TRows.Count, row))
                {
                    InputSide<TColumns>(
                        T.Load(from + firstPair), T.Load(from + firstPair + T.Count), T.Load(from + secondPair),
                        TColumns.Count > 1 ? T.Load(from + secondPair + T.Count) : T.Zero,
                        TColumns.Count > 2 ? T.Load(from + thirdPair) : T.Zero,
                        TColumns.Count > 3 ? T.Load(from + thirdPair + T.Count) : T.Zero,
                        plane, planeStride);
                }

                from += Window * T.Count;
                plane += Window * planeStride;
            }
        }
    }

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

    // A column of padding.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pad<TRows>(float* column) where TRows : struct, INumberOf
    {
        for (int row = 0; row < Window; row++)
        {
            if (WinogradTile.Has(TRows.Count, row))
            {
                T.Store(T.Zero, column + row * Window * T.Count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(T value, float* to, bool adds) => T.Store(adds ? value + T.Load(to) : value, to);

    // With N(x) = Π(x − q) over the finite points of a tile: the coefficients of N(x)/(x − p) for a point p, times Π(p − q)
    // over the points that the tile does without; and those of N for ∞.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InputSide<TSide>(T d0, T d1, T d2, T d3, T d4, T d5, float* to, nint stride) where TSide : struct, INumberOf
    {
        T two = T.Create(2f), four = T.Create(4f);
        if (TSide.Count == 4)
        {
            T five = T.Create(5f);
            T.Store(T.NegatedMultiplyAdd(five, d2, T.MultiplyAdd(four, d0, d4)), to);
            T even = T.NegatedMultiplyAdd(four, d2, d4), odd = T.NegatedMultiplyAdd(four, d1, d3);
            T.Store(even + odd, to + stride);
            T.Store(even - odd, to + 2 * stride);
            even = d4 - d2;
            odd = d3 - d1;
            T.Store(T.MultiplyAdd(two, odd, even), to + 3 * stride);
            T.Store(T.NegatedMultiplyAdd(two, odd, even), to + 4 * stride);
            T.Store(T.NegatedMultiplyAdd(five, d3, T.MultiplyAdd(four, d1, d5)), to + 5 * stride);
            return;
        }

        T three = T.Create(3f);
        if (TSide.Count == 3)
        {
            T difference = d3 - d1;
            T.Store(T.MultiplyAdd(four, d0 - d2, two * difference), to);
            T.Store(three * T.NegatedMultiplyAdd(two, d1, d3 - d2), to + stride);
            T.Store(T.NegatedMultiplyAdd(three, d2, T.MultiplyAdd(two, d1, d3)), to + 2 * stride);
            T.Store(four * difference, to + 3 * stride);
            T.Store(T.NegatedMultiplyAdd(two, difference, d4 - d2), to + 5 * stride);
        }
        else if (TSide.Count == 2)
        {
            T.Store(four * (d0 - d2), to);
            T.Store(T.Zero - three * (d1 + d2), to + stride);
            T.Store(three * (d1 - d2), to + 2 * stride);
            T.Store(d3 - d1, to + 5 * stride);
        }
        else
        {
            T.Store(four * (d0 - d1), to);
            T.Store(T.Create(-6f) * d1, to + stride);
            T.Store(d2 - d1, to + 5 * stride);
        }
    }

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
