using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Vectors;

namespace Bench;

/// <summary>How many multiplications and additions a second the cores can do at most: independent fused multiply-adds, nothing else.</summary>
/// <typeparam name="T">The vector registers.</typeparam>
internal static unsafe class FmaPeak<T> where T : struct, ILanes<T>
{
    // Twelve chains hide the four cycles of a multiply-add on machines that begin two or three a cycle.
    private const int Chains = 12, Rounds = 1_000_000, Runs = 12;

    /// <summary>GFLOP/s of a number of threads together, the best of several runs.</summary>
    public static double Measure(int threads)
    {
        float[] sinks = new float[threads * 16];
        double best = double.PositiveInfinity;
        for (int run = 0; run < Runs; run++)
        {
            best = Math.Min(best, Together.Seconds(threads, thread => sinks[thread * 16] = Chain(Rounds)));
        }

        GC.KeepAlive(sinks);
        return 2.0 * Chains * Rounds * T.Count * threads / best / 1e9;
    }

    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chain(int rounds)
    {
        T a = T.Create(1.0001f), b = T.Create(0.9f);
        T c0 = a, c1 = a, c2 = a, c3 = a, c4 = a, c5 = a, c6 = a, c7 = a, c8 = a, c9 = a, c10 = a, c11 = a;
        for (int i = 0; i < rounds; i++)
        {
            c0 = T.MultiplyAdd(a, b, c0);
            c1 = T.MultiplyAdd(a, b, c1);
            c2 = T.MultiplyAdd(a, b, c2);
            c3 = T.MultiplyAdd(a, b, c3);
            c4 = T.MultiplyAdd(a, b, c4);
            c5 = T.MultiplyAdd(a, b, c5);
            c6 = T.MultiplyAdd(a, b, c6);
            c7 = T.MultiplyAdd(a, b, c7);
            c8 = T.MultiplyAdd(a, b, c8);
            c9 = T.MultiplyAdd(a, b, c9);
            c10 = T.MultiplyAdd(a, b, c10);
            c11 = T.MultiplyAdd(a, b, c11);
        }

        float* lanes = stackalloc float[T.Count];
        T.Store(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9 + c10 + c11, lanes);
        return *lanes;
    }
}
