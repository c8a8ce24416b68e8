using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Couplings;

/// <summary>An affine coupling of images, in one pass; rows are the channels of all images.</summary>
internal readonly unsafe struct CouplingWork(CouplingOperands operands, Pieces pieces, float* output, float* kept, double* logDets) : IVectorWork
{
    private readonly CouplingOperands _operands = operands;
    private readonly Pieces _pieces = pieces;
    private readonly float* _output = output, _kept = kept;
    private readonly double* _logDets = logDets;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        _pieces.Get(piece, out long firstRow, out long endRow, out long start, out long end);
        for (long row = firstRow; row < endRow; row++)
        {
            CouplingRun run = new(_operands, row / _operands.Channels, (int)(row % _operands.Channels));
            float* output = _output + row * _operands.Plane;
            if (_logDets is null)
            {
                Invert<T>(run, output, start, end, _operands.Form == CouplingForm.ScaleThenShift);
            }
            else
            {
                _logDets[row * _pieces.Segments + piece % _pieces.Segments] = Forward<T>(
                    run, output, _kept + row * _operands.Plane, start, end, _operands.Form == CouplingForm.ScaleThenShift);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double Forward<T>(in CouplingRun operands, float* output, float* kept, long start, long end, bool scaleFirst) where T : struct, ILanes<T>
    {
        CouplingRun run = operands;
        Accumulator<T> logDet = default;
        for (long i = start; i < end; i += T.Count)
        {
            int count = (int)Math.Min(T.Count, end - i);
            CouplingLanes<T> lanes = new(run, i);
            T x = T.Load(run.Input + i), exp = T.Exp(lanes.LogScale);
            T changed = scaleFirst ? T.MultiplyAdd(x, exp, lanes.Shift) : (x + lanes.Shift) * exp;
            T y = T.IfPositive(lanes.Mask, changed, x);
            if (run.Keep is not null)
            {
                CouplingLanes.Put(y * T.Load(run.Keep + i), kept + i, count, false);
            }

            if (count == T.Count)
            {
                T.Store(y, output + i);
                logDet.Add(lanes.LogScale);
            }
            else
            {
                T.StorePartial(y, output + i, count);
                logDet.Add(T.First(lanes.LogScale, count));
            }
        }

        return logDet.Total();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Invert<T>(in CouplingRun operands, float* output, long start, long end, bool scaleFirst) where T : struct, ILanes<T>
    {
        CouplingRun run = operands;
        for (long i = start; i < end; i += T.Count)
        {
            int count = (int)Math.Min(T.Count, end - i);
            CouplingLanes<T> lanes = new(run, i);
            T y = T.Load(run.Input + i), exp = T.Exp(-lanes.LogScale);
            T changed = scaleFirst ? (y - lanes.Shift) * exp : T.MultiplyAdd(y, exp, -lanes.Shift);
            T x = T.IfPositive(lanes.Mask, changed, y);
            if (count == T.Count)
            {
                T.Store(x, output + i);
            }
            else
            {
                T.StorePartial(x, output + i, count);
            }
        }
    }
}
