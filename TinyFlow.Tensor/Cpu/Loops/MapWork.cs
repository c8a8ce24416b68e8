using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;
using TinyFlow.Loops;

namespace TinyFlow.Cpu.Loops;

/// <summary>Writes the values of a formula, or adds them, run by run.</summary>
internal readonly unsafe struct MapWork<TFormula>(TFormula formula, Nest rows, Pieces pieces, long length, float* y, bool adds) : IVectorWork
    where TFormula : struct, IFormula
{
    private readonly TFormula _formula = formula;
    private readonly Nest _rows = rows;
    private readonly Pieces _pieces = pieces;
    private readonly long _length = length;
    private readonly float* _y = y;
    private readonly bool _adds = adds;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        _pieces.Get(piece, out long firstRow, out long endRow, out long start, out long end);
        for (long row = firstRow; row < endRow; row++)
        {
            _rows.Locate(row, out _, out long a, out long b);
            if (_adds)
            {
                AddRun<T>(_formula, _y, row * _length, a, b, start, end);
            }
            else
            {
                WriteRun<T>(_formula, _y, row * _length, a, b, start, end);
            }
        }
    }

    // The formula stands once in each loop, for whole registers and the last one alike: inlined twice, a long formula
    // would exceed what the compiler is willing to inline.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void WriteRun<T>(TFormula formula, float* y, long p, long a, long b, long start, long end) where T : struct, ILanes<T>
    {
        float* destination = y + p;
        for (long i = start; i < end; i += T.Count)
        {
            T value = formula.At<T>(p, a, b, i);
            if (i <= end - T.Count)
            {
                T.Store(value, destination + i);
            }
            else
            {
                T.StorePartial(value, destination + i, (int)(end - i));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void AddRun<T>(TFormula formula, float* y, long p, long a, long b, long start, long end) where T : struct, ILanes<T>
    {
        float* destination = y + p;
        for (long i = start; i < end; i += T.Count)
        {
            T value = T.Load(destination + i) + formula.At<T>(p, a, b, i);
            if (i <= end - T.Count)
            {
                T.Store(value, destination + i);
            }
            else
            {
                T.StorePartial(value, destination + i, (int)(end - i));
            }
        }
    }
}
