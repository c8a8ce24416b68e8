using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Couplings;

/// <summary>The gradients that come into a mixture coupling and go out of it; what goes nowhere is null.</summary>
internal unsafe struct MixtureGradients
{
    public float* Output, LogDet, Input, Net;

    public bool InputAdds, NetAdds;
}

/// <summary>The gradients of a coupling by a mixture of logistics, which computes all terms again; rows are images.</summary>
internal readonly unsafe struct MixtureGradientWork(MixtureOperands operands, MixtureGradients gradients, Pieces pieces, MixtureScratch scratch) : IVectorWork
{
    private readonly MixtureOperands _operands = operands;
    private readonly MixtureGradients _gradients = gradients;
    private readonly Pieces _pieces = pieces;
    private readonly MixtureScratch _scratch = scratch;

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
        in MixtureOperands operands, in MixtureGradients gradients, long image, float* h, float* dh, bool netAdds, long start, long end, float* scratch)
        where T : struct, ILanes<T>
    {
        int components = operands.Components;
        nint stride = (nint)operands.Changed;
        long place = image * operands.Image + operands.First;
        float* x = operands.Input + place, dy = gradients.Output + place, dx = gradients.Input is null ? null : gradients.Input + place;
        T dlogDet = T.Create(gradients.LogDet[image]);
        for (long i = start; i < end; i += T.Count)
        {
            int count = (int)Math.Min(T.Count, end - i);
            MixtureTerms<T>.Load(h + i, stride, components, scratch, out MixtureSums<T> sums);
            MixtureTerms<T>.Evaluate(T.Load(x + i), components, scratch, ref sums);
            T logScale = CouplingLanes.AffineLogScale(T.Load(h + i), out T tanh), gradient = T.Load(dy + i), scaled = gradient * T.Exp(logScale);
            if (dh is not null)
            {
                T dlogScale = T.MultiplyAdd(scaled, sums.Logit(), dlogDet) * T.NegatedMultiplyAdd(tanh, tanh, T.Create(1f));
                CouplingLanes.Put(dlogScale, dh + i, count, netAdds);
                CouplingLanes.Put(gradient, dh + stride + i, count, netAdds);
            }

            T slope = MixtureTerms<T>.Gradient(
                scaled - dlogDet, -scaled - dlogDet, dlogDet, sums, components, scratch, h + i, dh is null ? null : dh + i, stride, count, netAdds);
            if (dx is not null)
            {
                CouplingLanes.Put(slope, dx + i, count, gradients.InputAdds);
            }
        }
    }
}
