using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Couplings;

/// <summary>A coupling by a mixture of logistics, forward; rows are images.</summary>
internal readonly unsafe struct MixtureWork(MixtureOperands operands, Pieces pieces, float* output, double* logDets, MixtureScratch scratch) : IVectorWork
{
    /// <summary>The elements of a piece: one takes nanoseconds, so a piece takes ten microseconds.</summary>
    public const int Grain = 1 << 11;

    private readonly MixtureOperands _operands = operands;
    private readonly Pieces _pieces = pieces;
    private readonly float* _output = output;
    private readonly MixtureScratch _scratch = scratch;
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
                _operands.Input + place, _operands.NetOf(image, _scratch.Net(worker)), (nint)_operands.Changed, _operands.Components,
                _output + place, start, end, scratch);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static double Forward<T>(float* x, float* h, nint stride, int components, float* y, long start, long end, float* scratch)
        where T : struct, ILanes<T>
    {
        Accumulator<T> logDet = default;
        for (long i = start; i < end; i += T.Count)
        {
            int count = (int)Math.Min(T.Count, end - i);
            MixtureTerms<T>.Load(h + i, stride, components, scratch, out MixtureSums<T> sums);
            MixtureTerms<T>.Evaluate(T.Load(x + i), components, scratch, ref sums);
            T logScale = CouplingLanes.AffineLogScale(T.Load(h + i), out _);
            CouplingLanes.Put(T.MultiplyAdd(sums.Logit(), T.Exp(logScale), T.Load(h + stride + i)), y + i, count, adds: false);
            logDet.Add(T.First(sums.LogSlope() + logScale, count));
        }

        return logDet.Total();
    }
}
