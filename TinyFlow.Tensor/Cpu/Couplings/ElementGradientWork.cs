using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Couplings;

/// <summary>The gradients of an element coupling, whose map computes its terms again; rows are images.</summary>
internal readonly unsafe struct ElementGradientWork<TMap>(ElementOperands operands, ElementGradients gradients, Pieces pieces, ElementScratch scratch) : IVectorWork
    where TMap : struct, IElementMap
{
    private readonly ElementOperands _operands = operands;
    private readonly ElementGradients _gradients = gradients;
    private readonly Pieces _pieces = pieces;
    private readonly ElementScratch _scratch = scratch;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        _pieces.Get(piece, out long firstImage, out long endImage, out long start, out long end);
        float* scratch = _scratch.Of(worker);
        for (long image = firstImage; image < endImage; image++)
        {
            if (start == 0 && _gradients.Input is not null)
            {
                _operands.Keep(image, _gradients.Output, _gradients.Input, _gradients.InputAdds);
            }

            // Gradients of a net whose result is held channels last are made plainly, and turned.
            bool turns = _operands.NetIsChannelsLast && _gradients.Net is not null;
            float* dh = turns ? _scratch.NetGradient(worker) : _gradients.Net is null ? null : _gradients.Net + image * _operands.Parameters;
            RunImage<T>(_operands, _gradients, image, _operands.NetOf(image, _scratch.Net(worker)), dh, _gradients.NetAdds && !turns, start, end, scratch);
            if (turns)
            {
                _operands.PutNetOf(image, dh, _gradients.Net, _gradients.NetAdds);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void RunImage<T>(
        in ElementOperands operands, in ElementGradients gradients, long image, float* h, float* dh, bool netAdds, long start, long end, float* scratch)
        where T : struct, ILanes<T>
    {
        long place = image * operands.Image + operands.First;
        float* x = operands.Input + place, dy = gradients.Output + place, dx = gradients.Input is null ? null : gradients.Input + place;
        T dlogDet = T.Create(gradients.LogDet[image]);
        for (long i = start; i < end; i += T.Count)
        {
            int count = (int)Math.Min(T.Count, end - i);
            T gradient = TMap.Gradient(
                T.Load(x + i), T.Load(dy + i), dlogDet, operands.At(h + i, scratch), dh is null ? null : dh + i, count, netAdds);
            if (dx is not null)
            {
                CouplingLanes.Put(gradient, dx + i, count, gradients.InputAdds);
            }
        }
    }
}
