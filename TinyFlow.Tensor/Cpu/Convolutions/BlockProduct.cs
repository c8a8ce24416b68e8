using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// The one product that everything here comes down to: a block of up to 6 rows and up to 4 vectors of columns,
/// <c>c[i, j] (+)= start[j] + Σ_t a[i, t]·b[t, j]</c>, with all sums in registers. Every element is one chain of fused
/// multiply-adds over t in ascending order, so how rows and columns are cut into blocks cannot change a result.
/// </summary>
/// <typeparam name="T">The vector registers.</typeparam>
/// <typeparam name="TRows">Rows in the block, 1 to 6.</typeparam>
/// <typeparam name="TVectors">Vectors of columns in the block, 1 to 4.</typeparam>
internal static unsafe class BlockProduct<T, TRows, TVectors>
    where T : struct, ILanes<T>
    where TRows : struct, INumberOf
    where TVectors : struct, INumberOf
{
    // The conditions are constants to the compiler, which leaves out the dead rows and columns; what remains of the
    // 24 sums stays in registers (32 with AVX-512 and ARM64; with AVX2's 16, smaller blocks are asked for).
    // AggressiveOptimization: straight to full optimization, without a first slow version that would be replaced on stack.
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(BlockOperands* operands)
    {
        nint rowStride = operands->RowStride, stepStride = operands->StepStride, columnStride = operands->ColumnStride;
        float* b = operands->Right;
        T c00 = T.Zero, c01 = T.Zero, c02 = T.Zero, c03 = T.Zero;
        T c10 = T.Zero, c11 = T.Zero, c12 = T.Zero, c13 = T.Zero;
        T c20 = T.Zero, c21 = T.Zero, c22 = T.Zero, c23 = T.Zero;
        T c30 = T.Zero, c31 = T.Zero, c32 = T.Zero, c33 = T.Zero;
        T c40 = T.Zero, c41 = T.Zero, c42 = T.Zero, c43 = T.Zero;
        T c50 = T.Zero, c51 = T.Zero, c52 = T.Zero, c53 = T.Zero;
        int segments = operands->Segments, steps = operands->Steps;
        for (int segment = 0; segment < segments; segment++)
        {
            float* a = operands->Left[segment];
            int t = 0;
            if (TRows.Count * TVectors.Count <= 12)
            {
                // Two steps at a time: few multiply-adds beside the loop's own instructions, which count on a core that is shared.
                for (; t < steps - 1; t += 2)
                {
                    Step(
                        a, rowStride, b,
                        ref c00, ref c01, ref c02, ref c03, ref c10, ref c11, ref c12, ref c13,
                        ref c20, ref c21, ref c22, ref c23, ref c30, ref c31, ref c32, ref c33,
                        ref c40, ref c41, ref c42, ref c43, ref c50, ref c51, ref c52, ref c53);
                    a += stepStride;
                    b += columnStride;
                    Step(
                        a, rowStride, b,
                        ref c00, ref c01, ref c02, ref c03, ref c10, ref c11, ref c12, ref c13,
                        ref c20, ref c21, ref c22, ref c23, ref c30, ref c31, ref c32, ref c33,
                        ref c40, ref c41, ref c42, ref c43, ref c50, ref c51, ref c52, ref c53);
                    a += stepStride;
                    b += columnStride;
                }
            }

            for (; t < steps; t++)
            {
                Step(
                    a, rowStride, b,
                    ref c00, ref c01, ref c02, ref c03, ref c10, ref c11, ref c12, ref c13,
                    ref c20, ref c21, ref c22, ref c23, ref c30, ref c31, ref c32, ref c33,
                    ref c40, ref c41, ref c42, ref c43, ref c50, ref c51, ref c52, ref c53);
                a += stepStride;
                b += columnStride;
            }
        }

        float* c = operands->Result, start = operands->Start;
        nint resultStride = operands->ResultStride;
        bool adds = operands->Adds;
        End(c, start, adds, c00, c01, c02, c03);
        if (TRows.Count > 1)
        {
            End(c + 1 * resultStride, start, adds, c10, c11, c12, c13);
        }

        if (TRows.Count > 2)
        {
            End(c + 2 * resultStride, start, adds, c20, c21, c22, c23);
        }

        if (TRows.Count > 3)
        {
            End(c + 3 * resultStride, start, adds, c30, c31, c32, c33);
        }

        if (TRows.Count > 4)
        {
            End(c + 4 * resultStride, start, adds, c40, c41, c42, c43);
        }

        if (TRows.Count > 5)
        {
            End(c + 5 * resultStride, start, adds, c50, c51, c52, c53);
        }
    }

    // One step of the sums: a column of a by a row of b.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        float* a, nint rowStride, float* b,
        ref T c00, ref T c01, ref T c02, ref T c03, ref T c10, ref T c11, ref T c12, ref T c13,
        ref T c20, ref T c21, ref T c22, ref T c23, ref T c30, ref T c31, ref T c32, ref T c33,
        ref T c40, ref T c41, ref T c42, ref T c43, ref T c50, ref T c51, ref T c52, ref T c53)
    {
        T b0 = T.Load(b), b1 = Vector(1, b), b2 = Vector(2, b), b3 = Vector(3, b);
        AddRow(0, a, b0, b1, b2, b3, ref c00, ref c01, ref c02, ref c03);
        AddRow(1, a + rowStride, b0, b1, b2, b3, ref c10, ref c11, ref c12, ref c13);
        AddRow(2, a + 2 * rowStride, b0, b1, b2, b3, ref c20, ref c21, ref c22, ref c23);
        AddRow(3, a + 3 * rowStride, b0, b1, b2, b3, ref c30, ref c31, ref c32, ref c33);
        AddRow(4, a + 4 * rowStride, b0, b1, b2, b3, ref c40, ref c41, ref c42, ref c43);
        AddRow(5, a + 5 * rowStride, b0, b1, b2, b3, ref c50, ref c51, ref c52, ref c53);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Vector(int index, float* b) => TVectors.Count > index ? T.Load(b + index * T.Count) : default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow(int row, float* a, T b0, T b1, T b2, T b3, ref T c0, ref T c1, ref T c2, ref T c3)
    {
        if (TRows.Count <= row)
        {
            return;
        }

        T x = T.Create(*a);
        T.Accumulate(x, b0, ref c0);
        if (TVectors.Count > 1)
        {
            T.Accumulate(x, b1, ref c1);
        }

        if (TVectors.Count > 2)
        {
            T.Accumulate(x, b2, ref c2);
        }

        if (TVectors.Count > 3)
        {
            T.Accumulate(x, b3, ref c3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void End(float* c, float* start, bool adds, T c0, T c1, T c2, T c3)
    {
        End(c, start, adds, c0);
        if (TVectors.Count > 1)
        {
            End(c + 1 * T.Count, start is null ? null : start + 1 * T.Count, adds, c1);
        }

        if (TVectors.Count > 2)
        {
            End(c + 2 * T.Count, start is null ? null : start + 2 * T.Count, adds, c2);
        }

        if (TVectors.Count > 3)
        {
            End(c + 3 * T.Count, start is null ? null : start + 3 * T.Count, adds, c3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void End(float* c, float* start, bool adds, T sum)
    {
        if (start is not null)
        {
            sum += T.Load(start);
        }

        if (adds)
        {
            sum += T.Load(c);
        }

        T.Store(sum, c);
    }
}
