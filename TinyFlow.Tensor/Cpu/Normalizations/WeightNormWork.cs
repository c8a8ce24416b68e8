using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Normalizations;

/// <summary>w = g·v/‖v‖, row by row.</summary>
internal readonly unsafe struct WeightNormWork(WeightNormRows rows, float* v, float* g, float* w) : IVectorWork
{
    private readonly WeightNormRows _rows = rows;
    private readonly float* _v = v, _g = g, _w = w;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        (long first, long end) = _rows.Of(piece);
        for (long row = first; row < end; row++)
        {
            Normalize<T>(_rows, _v + row * _rows.Length, _g[row], _w + row * _rows.Length);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Normalize<T>(WeightNormRows rows, float* v, float g, float* w) where T : struct, ILanes<T>
    {
        T factor = T.Create((float)(g / Math.Sqrt(rows.Dot<T>(v, v))));
        for (long i = 0; i < rows.Length; i += T.Count)
        {
            T.StorePartial(T.Load(v + i) * factor, w + i, (int)Math.Min(T.Count, rows.Length - i));
        }
    }
}
