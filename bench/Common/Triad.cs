using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Bench;

/// <summary>How many bytes a second memory gives: a = b + s·c over arrays that no cache holds.</summary>
internal sealed unsafe class Triad : IDisposable
{
    private const int Count = 1 << 24, Runs = 6, BytesPerElement = 12;
    private const float Factor = 0.5f;

    private readonly float* _a = Allocate(), _b = Allocate(), _c = Allocate();

    /// <summary>GB/s of a number of threads together, the best of several runs; streaming stores do not read what they overwrite.</summary>
    public double Measure(int threads, bool streaming)
    {
        double best = double.PositiveInfinity;
        for (int run = 0; run < Runs; run++)
        {
            best = Math.Min(best, Together.Seconds(threads, thread =>
            {
                int first = Start(thread, threads), count = Start(thread + 1, threads) - first;
                if (streaming)
                {
                    Stream(_a + first, _b + first, _c + first, count);
                }
                else
                {
                    Store(_a + first, _b + first, _c + first, count);
                }
            }));
        }

        return (double)BytesPerElement * Count / best / 1e9;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_a);
        NativeMemory.AlignedFree(_b);
        NativeMemory.AlignedFree(_c);
    }

    // Whole cache lines each.
    private static int Start(int thread, int threads) => (int)((long)Count * thread / threads) & ~63;

    private static float* Allocate()
    {
        float* memory = (float*)NativeMemory.AlignedAlloc((nuint)Count * sizeof(float), 4096);
        new Span<float>(memory, Count).Fill(1);
        return memory;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Store(float* a, float* b, float* c, int count)
    {
        Vector256<float> factor = Vector256.Create(Factor);
        for (int i = 0; i < count; i += 8)
        {
            Vector256.FusedMultiplyAdd(Vector256.Load(c + i), factor, Vector256.Load(b + i)).Store(a + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Stream(float* a, float* b, float* c, int count)
    {
        Vector256<float> factor = Vector256.Create(Factor);
        for (int i = 0; i < count; i += 8)
        {
            Vector256.FusedMultiplyAdd(Vector256.Load(c + i), factor, Vector256.Load(b + i)).StoreAlignedNonTemporal(a + i);
        }
    }
}
