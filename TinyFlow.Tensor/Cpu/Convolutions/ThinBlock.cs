using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>The kernel of <see cref="ThinProduct{T}"/> for a fixed number of pixels and filters, with all sums in registers.</summary>
internal static unsafe class ThinBlock<T, TPixels, TOutputs>
    where T : struct, ILanes<T>
    where TPixels : struct, INumberOf
    where TOutputs : struct, INumberOf
{
    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(float** rows, int rowCount, nint offset, nint pixelStride, int vectors, float* filters, nint filterStride, float* sums)
    {
        nint pixel2 = 2 * pixelStride, pixel3 = 3 * pixelStride, pixel4 = 4 * pixelStride, pixel5 = 5 * pixelStride;
        T c00 = T.Zero, c01 = T.Zero;
        T c10 = T.Zero, c11 = T.Zero;
        T c20 = T.Zero, c21 = T.Zero;
        T c30 = T.Zero, c31 = T.Zero;
        T c40 = T.Zero, c41 = T.Zero;
        T c50 = T.Zero, c51 = T.Zero;
        for (int row = 0; row < rowCount; row++)
        {
            float* x = rows[row] + offset;
            for (int i = 0; i < vectors; i++)
            {
                T w0 = T.Load(filters), w1 = TOutputs.Count > 1 ? T.Load(filters + filterStride) : default;
                T x0 = T.Load(x);
                T.Accumulate(x0, w0, ref c00);
                if (TOutputs.Count > 1)
                {
                    T.Accumulate(x0, w1, ref c01);
                }

                if (TPixels.Count > 1)
                {
                    T x1 = T.Load(x + pixelStride);
                    T.Accumulate(x1, w0, ref c10);
                    if (TOutputs.Count > 1)
                    {
                        T.Accumulate(x1, w1, ref c11);
                    }
                }

                if (TPixels.Count > 2)
                {
                    T x2 = T.Load(x + pixel2);
                    T.Accumulate(x2, w0, ref c20);
                    if (TOutputs.Count > 1)
                    {
                        T.Accumulate(x2, w1, ref c21);
                    }
                }

                if (TPixels.Count > 3)
                {
                    T x3 = T.Load(x + pixel3);
                    T.Accumulate(x3, w0, ref c30);
                    if (TOutputs.Count > 1)
                    {
                        T.Accumulate(x3, w1, ref c31);
                    }
                }

                if (TPixels.Count > 4)
                {
                    T x4 = T.Load(x + pixel4);
                    T.Accumulate(x4, w0, ref c40);
                    if (TOutputs.Count > 1)
                    {
                        T.Accumulate(x4, w1, ref c41);
                    }
                }

                if (TPixels.Count > 5)
                {
                    T x5 = T.Load(x + pixel5);
                    T.Accumulate(x5, w0, ref c50);
                    if (TOutputs.Count > 1)
                    {
                        T.Accumulate(x5, w1, ref c51);
                    }
                }

                x += T.Count;
                filters += T.Count;
            }
        }

        sums[0] = LaneTraits.Sum(c00);
        sums[1] = TOutputs.Count > 1 ? LaneTraits.Sum(c01) : 0;

        if (TPixels.Count > 1)
        {
            sums[2] = LaneTraits.Sum(c10);
            sums[3] = TOutputs.Count > 1 ? LaneTraits.Sum(c11) : 0;
        }

        if (TPixels.Count > 2)
        {
            sums[4] = LaneTraits.Sum(c20);
            sums[5] = TOutputs.Count > 1 ? LaneTraits.Sum(c21) : 0;
        }

        if (TPixels.Count > 3)
        {
            sums[6] = LaneTraits.Sum(c30);
            sums[7] = TOutputs.Count > 1 ? LaneTraits.Sum(c31) : 0;
        }

        if (TPixels.Count > 4)
        {
            sums[8] = LaneTraits.Sum(c40);
            sums[9] = TOutputs.Count > 1 ? LaneTraits.Sum(c41) : 0;
        }

        if (TPixels.Count > 5)
        {
            sums[10] = LaneTraits.Sum(c50);
            sums[11] = TOutputs.Count > 1 ? LaneTraits.Sum(c51) : 0;
        }
    }
}
