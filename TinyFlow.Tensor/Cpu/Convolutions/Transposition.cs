using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>Moves a matrix to its transpose, in blocks of 4 by 4 that are turned in registers: what changes one layout of images into the other.</summary>
internal static unsafe class Transposition
{
    private const int Side = 4;

    /// <summary>to[c, r] = from[r, c], or added to it; strides are the distances between rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run(float* from, nint fromStride, float* to, nint toStride, int rows, int columns, bool adds)
    {
        int wholeRows = rows - rows % Side, wholeColumns = columns - columns % Side;
        for (int row = 0; row < wholeRows; row += Side)
        {
            float* source = from + row * fromStride, target = to + row;
            for (int column = 0; column < wholeColumns; column += Side, source += Side, target += Side * toStride)
            {
                if (column % CacheLine.Length == 0)
                {
                    // The same columns of the rows that come next: short runs, that the processor does not foresee.
                    float* next = source + Side * fromStride;
                    Prefetch.Line(next);
                    Prefetch.Line(next + fromStride);
                    Prefetch.Line(next + 2 * fromStride);
                    Prefetch.Line(next + 3 * fromStride);
                }

                Turn(source, fromStride, target, toStride, adds);
            }

            if (wholeColumns < columns && wholeColumns > 0 && !adds)
            {
                // Some columns again, with the last ones.
                int back = Side - (columns - wholeColumns);
                Turn(source - back, fromStride, target - back * toStride, toStride, adds: false);
            }
            else
            {
                Rest(source, fromStride, target, toStride, Side, columns - wholeColumns, adds);
            }
        }

        Rest(from + wholeRows * fromStride, fromStride, to + wholeRows, toStride, rows - wholeRows, columns, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Turn(float* source, nint fromStride, float* target, nint toStride, bool adds)
    {
        // The even elements of two rows, then of both pairs: every fourth element of four rows, which is a column.
        Lanes128 even = Lanes128.Deinterleave(Lanes128.Load(source), Lanes128.Load(source + fromStride), out Lanes128 odd);
        Lanes128 even2 = Lanes128.Deinterleave(Lanes128.Load(source + 2 * fromStride), Lanes128.Load(source + 3 * fromStride), out Lanes128 odd2);
        Lanes128 column0 = Lanes128.Deinterleave(even, even2, out Lanes128 column2), column1 = Lanes128.Deinterleave(odd, odd2, out Lanes128 column3);
        Put(column0, target, adds);
        Put(column1, target + toStride, adds);
        Put(column2, target + 2 * toStride, adds);
        Put(column3, target + 3 * toStride, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Lanes128 value, float* to, bool adds) => Lanes128.Store(adds ? Lanes128.Load(to) + value : value, to);

    private static void Rest(float* from, nint fromStride, float* to, nint toStride, int rows, int columns, bool adds)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                float value = from[row * fromStride + column];
                float* place = to + column * toStride + row;
                *place = adds ? *place + value : value;
            }
        }
    }
}
