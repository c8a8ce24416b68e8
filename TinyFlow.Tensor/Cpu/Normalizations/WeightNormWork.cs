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

/// <summary>The gradients of it: dg = ⟨dw, v⟩/‖v‖, dv = g/‖v‖·(dw − v·⟨dw, v⟩/‖v‖²).</summary>
internal readonly unsafe struct WeightNormGradientWork(
    WeightNormRows rows, float* v, float* g, float* dw, float* dv, bool dvAdds, float* dg, bool dgAdds) : IVectorWork
{
    private readonly WeightNormRows _rows = rows;
    private readonly float* _v = v, _g = g, _dw = dw, _dv = dv, _dg = dg;
    private readonly bool _dvAdds = dvAdds, _dgAdds = dgAdds;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        (long first, long end) = _rows.Of(piece);
        for (long row = first; row < end; row++)
        {
            float* v = _v + row * _rows.Length, dw = _dw + row * _rows.Length;
            double squares = _rows.Dot<T>(v, v), norm = Math.Sqrt(squares), along = _rows.Dot<T>(v, dw);
            if (_dg is not null)
            {
                _dg[row] = (float)(along / norm) + (_dgAdds ? _dg[row] : 0);
            }

            if (_dv is not null)
            {
                Direction<T>(v, dw, (float)(_g[row] / norm), (float)(along / squares), _dv + row * _rows.Length, _rows.Length, _dvAdds);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Direction<T>(float* v, float* dw, float factor, float share, float* dv, long length, bool adds) where T : struct, ILanes<T>
    {
        for (long i = 0; i < length; i += T.Count)
        {
            T gradient = T.Create(factor) * T.NegatedMultiplyAdd(T.Load(v + i), T.Create(share), T.Load(dw + i));
            T.StorePartial(adds ? T.Load(dv + i) + gradient : gradient, dv + i, (int)Math.Min(T.Count, length - i));
        }
    }
}
