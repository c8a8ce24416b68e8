using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Loops;

namespace TinyFlow.Cpu.Loops;

/// <summary>Copies, or adds, run by run, elements that lie at any constant distance on either side.</summary>
internal readonly unsafe struct CopyWork(float* x, long xStep, float* y, long yStep, Nest rows, Pieces pieces, bool adds) : IVectorWork
{
    private readonly float* _x = x, _y = y;
    private readonly long _xStep = xStep, _yStep = yStep;
    private readonly Nest _rows = rows;
    private readonly Pieces _pieces = pieces;
    private readonly bool _adds = adds;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        _pieces.Get(piece, out long firstRow, out long endRow, out long start, out long end);
        for (long row = firstRow; row < endRow; row++)
        {
            _rows.Locate(row, out long from, out long to, out _);
            float* x = _x + from + start * _xStep, y = _y + to + start * _yStep;
            CopyRun<T>(x, _xStep, y, _yStep, end - start, _adds);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void CopyRun<T>(float* x, long xStep, float* y, long yStep, long count, bool adds) where T : struct, ILanes<T>
    {
        long i = 0;
        if (yStep == 1 && xStep == 1)
        {
            for (; i <= count - T.Count; i += T.Count)
            {
                T value = T.Load(x + i);
                T.Store(adds ? T.Load(y + i) + value : value, y + i);
            }
        }
        else if (yStep == 1 && xStep == 2)
        {
            // The two registers may end one element behind the last: the pool's margin allows that.
            for (; i <= count - T.Count; i += T.Count)
            {
                T value = T.Deinterleave(T.Load(x + 2 * i), T.Load(x + 2 * i + T.Count), out _);
                T.Store(adds ? T.Load(y + i) + value : value, y + i);
            }
        }

        if (adds)
        {
            for (; i < count; i++)
            {
                y[i * yStep] += x[i * xStep];
            }
        }
        else
        {
            for (; i < count; i++)
            {
                y[i * yStep] = x[i * xStep];
            }
        }
    }
}
