using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Couplings;

/// <summary>An element coupling, forward; rows are images.</summary>
internal readonly unsafe struct ElementWork<TMap>(ElementOperands operands, Pieces pieces, float* output, double* logDets, ElementScratch scratch) : IVectorWork
    where TMap : struct, IElementMap
{
    private readonly ElementOperands _operands = operands;
    private readonly Pieces _pieces = pieces;
    private readonly float* _output = output;
    private readonly ElementScratch _scratch = scratch;
    private readonly double* _logDets = logDets;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        _pieces.Get(piece, out long firstImage, out long endImage, out long start, out long end);
        float* scratch = _scratch.Of(worker);
        for (long image = firstImage; image < endImage; image++)
        {
            if (start == 0)
            {
                _operands.Keep(image, _operands.Input, _output, adds: false);
            }

            long place = image * _operands.Image + _operands.First;
            _logDets[image * _pieces.Segments + piece % _pieces.Segments] = Forward<T>(
                _operands, _operands.Input + place, _operands.NetOf(image, _scratch.Net(worker)), _output + place, start, end, scratch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double Forward<T>(in ElementOperands operands, float* x, float* h, float* y, long start, long end, float* scratch)
        where T : struct, ILanes<T>
    {
        Accumulator<T> logDet = default;
        for (long i = start; i < end; i += T.Count)
        {
            int count = (int)Math.Min(T.Count, end - i);
            CouplingLanes.Put(TMap.Forward(T.Load(x + i), operands.At(h + i, scratch), out T logSlope), y + i, count, adds: false);
            logDet.Add(T.First(logSlope, count));
        }

        return logDet.Total();
    }
}
