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
    // 24 sums stays in registers (32 with AVX-512 and ARM64; with AVX2's 16, blocks of two vectors are asked for).
    // AggressiveOptimization: straight to full optimization, without a first slow version that would be replaced on stack.
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(BlockOperands* operands)
    {
        nint rowStride = operands->RowStride, stepStride = operands->StepStride, columnStride = operands->ColumnStride;
        nint row2 = 2 * rowStride, row3 = 3 * rowStride, row4 = 4 * rowStride, row5 = 5 * rowStride;
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
            for (int t = 0; t < steps; t++)
            {
                T b0 = T.Load(b);
                T b1 = TVectors.Count > 1 ? T.Load(b + 1 * T.Count) : default;
                T b2 = TVectors.Count > 2 ? T.Load(b + 2 * T.Count) : default;
                T b3 = TVectors.Count > 3 ? T.Load(b + 3 * T.Count) : default;
                T x0 = T.Create(*a);
                c00 = T.MultiplyAdd(x0, b0, c00);
                if (TVectors.Count > 1)
                {
                    c01 = T.MultiplyAdd(x0, b1, c01);
                }

                if (TVectors.Count > 2)
                {
                    c02 = T.MultiplyAdd(x0, b2, c02);
                }

                if (TVectors.Count > 3)
                {
                    c03 = T.MultiplyAdd(x0, b3, c03);
                }

                if (TRows.Count > 1)
                {
                    T x1 = T.Create(*(a + rowStride));
                    c10 = T.MultiplyAdd(x1, b0, c10);
                    if (TVectors.Count > 1)
                    {
                        c11 = T.MultiplyAdd(x1, b1, c11);
                    }

                    if (TVectors.Count > 2)
                    {
                        c12 = T.MultiplyAdd(x1, b2, c12);
                    }

                    if (TVectors.Count > 3)
                    {
                        c13 = T.MultiplyAdd(x1, b3, c13);
                    }
                }

                if (TRows.Count > 2)
                {
                    T x2 = T.Create(*(a + row2));
                    c20 = T.MultiplyAdd(x2, b0, c20);
                    if (TVectors.Count > 1)
                    {
                        c21 = T.MultiplyAdd(x2, b1, c21);
                    }

                    if (TVectors.Count > 2)
                    {
                        c22 = T.MultiplyAdd(x2, b2, c22);
                    }

                    if (TVectors.Count > 3)
                    {
                        c23 = T.MultiplyAdd(x2, b3, c23);
                    }
                }

                if (TRows.Count > 3)
                {
                    T x3 = T.Create(*(a + row3));
                    c30 = T.MultiplyAdd(x3, b0, c30);
                    if (TVectors.Count > 1)
                    {
                        c31 = T.MultiplyAdd(x3, b1, c31);
                    }

                    if (TVectors.Count > 2)
                    {
                        c32 = T.MultiplyAdd(x3, b2, c32);
                    }

                    if (TVectors.Count > 3)
                    {
                        c33 = T.MultiplyAdd(x3, b3, c33);
                    }
                }

                if (TRows.Count > 4)
                {
                    T x4 = T.Create(*(a + row4));
                    c40 = T.MultiplyAdd(x4, b0, c40);
                    if (TVectors.Count > 1)
                    {
                        c41 = T.MultiplyAdd(x4, b1, c41);
                    }

                    if (TVectors.Count > 2)
                    {
                        c42 = T.MultiplyAdd(x4, b2, c42);
                    }

                    if (TVectors.Count > 3)
                    {
                        c43 = T.MultiplyAdd(x4, b3, c43);
                    }
                }

                if (TRows.Count > 5)
                {
                    T x5 = T.Create(*(a + row5));
                    c50 = T.MultiplyAdd(x5, b0, c50);
                    if (TVectors.Count > 1)
                    {
                        c51 = T.MultiplyAdd(x5, b1, c51);
                    }

                    if (TVectors.Count > 2)
                    {
                        c52 = T.MultiplyAdd(x5, b2, c52);
                    }

                    if (TVectors.Count > 3)
                    {
                        c53 = T.MultiplyAdd(x5, b3, c53);
                    }
                }

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
