using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Couplings;

/// <summary>Where the gradients of a coupling come from and go to; null for those not wanted.</summary>
internal unsafe struct CouplingGradients
{
    public float* Output;

    /// <summary>Of what was written besides; there if <see cref="CouplingOperands.Keep"/> is.</summary>
    public float* Kept;
    public float* LogDet;
    public float* Input;
    public float* Net;

    /// <summary>The gradient of scale before it is summed over images, [N, C, H·W].</summary>
    public float* ScalePerImage;

    public bool InputAdds;
    public bool NetAdds;
}

/// <summary>The gradients of an affine coupling, in one pass; rows are the channels of all images.</summary>
internal readonly unsafe struct CouplingGradientWork(CouplingOperands operands, CouplingGradients gradients, Pieces pieces) : IVectorWork
{
    private readonly CouplingOperands _operands = operands;
    private readonly CouplingGradients _gradients = gradients;
    private readonly Pieces _pieces = pieces;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        _pieces.Get(piece, out long firstRow, out long endRow, out long start, out long end);
        for (long row = firstRow; row < endRow; row++)
        {
            (long image, long channel) = Math.DivRem(row, _operands.Channels);
            RunRow<T>(_operands, _gradients, image, (int)channel, start, end);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void RunRow<T>(in CouplingOperands operands, in CouplingGradients gradients, long image, int channel, long start, long end)
        where T : struct, ILanes<T>
    {
        CouplingRun run = new(operands, image, channel);
        long row = run.Input - operands.Input, net = run.A - operands.Net, toShift = run.Shift - run.A;
        float* dy = gradients.Output + row, dkept = gradients.Kept + row;
        float* dx = gradients.Input is null ? null : gradients.Input + row;
        float* da = gradients.Net is null ? null : gradients.Net + net;
        float* dscale = gradients.ScalePerImage is null ? null : gradients.ScalePerImage + row;
        bool scaleFirst = operands.Form == CouplingForm.ScaleThenShift, inputAdds = gradients.InputAdds, netAdds = gradients.NetAdds;
        T dlogDet = T.Create(gradients.LogDet[image]);
        for (long i = start; i < end; i += T.Count)
        {
            int count = (int)Math.Min(T.Count, end - i);
            CouplingLanes<T> lanes = new(run, i);
            T x = T.Load(run.Input + i), exp = T.Exp(lanes.LogScale), gradient = T.Load(dy + i);
            if (run.Keep is not null)
            {
                gradient = T.MultiplyAdd(T.Load(run.Keep + i), T.Load(dkept + i), gradient);
            }

            T scaled = gradient * exp;
            T ds = T.MultiplyAdd(scaled, scaleFirst ? x : x + lanes.Shift, dlogDet);
            if (dx is not null)
            {
                // Where the mask is 0 the exponential is 1.
                CouplingLanes.Put(scaled, dx + i, count, inputAdds);
            }

            if (da is not null)
            {
                T slope = T.NegatedMultiplyAdd(lanes.Tanh, lanes.Tanh, T.Create(1f));
                CouplingLanes.Put(T.IfPositive(lanes.Mask, ds * lanes.Factor * slope, T.Zero), da + i, count, netAdds);
                CouplingLanes.Put(T.IfPositive(lanes.Mask, scaleFirst ? gradient : scaled, T.Zero), da + toShift + i, count, netAdds);
            }

            if (dscale is not null)
            {
                CouplingLanes.Put(T.IfPositive(lanes.Mask, ds * lanes.Tanh, T.Zero), dscale + i, count, false);
            }
        }
    }
}
