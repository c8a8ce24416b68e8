using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Normalizations;

/// <summary>The gradients of w = g·v/‖v‖, row by row: dg = ⟨dw, v⟩/‖v‖, dv = g/‖v‖·(dw − v·⟨dw, v⟩/‖v‖²).</summary>
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
