using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Pixels;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

// Bᵀ d B.
internal static unsafe partial class WinogradTransforms<T>
{
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
}
