using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Noise;

/// <summary>Standard normal numbers, a pair from each pair of words (Box and Muller).</summary>
internal readonly unsafe struct NormalWork(NoiseKey key, float* y, Pieces pieces) : IVectorWork
{
    private const int Pairs = 128;

    private const float UnitOf24Bits = 1f / (1 << 24);

    private readonly NoiseKey _key = key;
    private readonly float* _y = y;
    private readonly Pieces _pieces = pieces;

    [SkipLocalsInit]
    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        uint* words = stackalloc uint[2 * Pairs];
        float* first = stackalloc float[Pairs], second = stackalloc float[Pairs];
        _pieces.Get(piece, out _, out _, out long start, out long end);
        // An odd offset begins with the second of a pair.
        long skipped = (long)((_key.Offset + (ulong)start) & 1);
        for (long at = start - skipped; at < end; at += 2 * Pairs)
        {
            NoiseWords.Write(_key, _key.Offset + (ulong)at, 2 * Pairs, words);
            for (int pair = 0; pair < Pairs; pair++)
            {
                first[pair] = ((words[2 * pair] >> 8) + 1) * UnitOf24Bits;
                second[pair] = (words[2 * pair + 1] >> 8) * UnitOf24Bits;
            }

            Transform<T>(first, second);
            long from = Math.Max(at, start), to = Math.Min(end, at + 2 * Pairs);
            for (long i = from; i < to; i++)
            {
                long place = i - at;
                _y[i] = (place & 1) == 0 ? first[place / 2] : second[place / 2];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Transform<T>(float* first, float* second) where T : struct, ILanes<T>
    {
        for (int pair = 0; pair < Pairs; pair += T.Count)
        {
            T radius = T.Sqrt(T.Create(-2f) * T.Log(T.Load(first + pair)));
            T sine = LaneMath.SinCosOfTurns(T.Load(second + pair), out T cosine);
            T.Store(radius * cosine, first + pair);
            T.Store(radius * sine, second + pair);
        }
    }
}
