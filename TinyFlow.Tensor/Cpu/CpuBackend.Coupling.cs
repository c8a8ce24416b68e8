using TinyFlow.Cpu.Couplings;
using TinyFlow.Cpu.Loops;
using TinyFlow.Cpu.Threads;

namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void AffineCoupling(Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor y, Tensor logDet, CouplingForm form, Masked? kept = null)
    {
        CouplingOperands operands = Coupling(x, h, scale, mask, kept, form);
        Pieces pieces = new((long)x.Shape[0] * operands.Channels, operands.Plane);
        int partsPerImage = operands.Channels * pieces.Segments;
        long bytes = (long)x.Shape[0] * partsPerImage * sizeof(double);
        double* parts = (double*)Pool.Rent(bytes, "the parts of log-determinants");
        try
        {
            Run(pieces.Count, new CouplingWork(operands, pieces, Out(y), kept is null ? null : Out(kept.Value.Values), parts));
            float* logDets = Out(logDet);
            for (int image = 0; image < x.Shape[0]; image++)
            {
                double sum = 0;
                for (int part = 0; part < partsPerImage && pieces.Count > 0; part++)
                {
                    sum += parts[(long)image * partsPerImage + part];
                }

                logDets[image] = (float)sum;
            }
        }
        finally
        {
            Pool.Return((nint)parts, bytes);
        }
    }

    /// <inheritdoc/>
    public override void AffineCouplingInverse(Tensor y, Tensor h, Tensor? scale, Tensor mask, Tensor x, CouplingForm form)
    {
        CouplingOperands operands = Coupling(y, h, scale, mask, null, form);
        Pieces pieces = new((long)y.Shape[0] * operands.Channels, operands.Plane);
        Run(pieces.Count, new CouplingWork(operands, pieces, Out(x), null, null));
    }

    /// <inheritdoc/>
    public override void AffineCouplingBackward(
        Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor dy, Tensor dlogDet,
        Sink dx, Sink dh, Sink dscale, CouplingForm form, Masked? dkept = null)
    {
        CouplingOperands operands = Coupling(x, h, scale, mask, dkept, form);
        Pieces pieces = new((long)x.Shape[0] * operands.Channels, operands.Plane);
        CouplingGradients gradients = new()
        {
            Output = In(dy),
            Kept = dkept is null ? null : In(dkept.Value.Values),
            LogDet = In(dlogDet),
            Input = Out(dx),
            InputAdds = dx.Adds,
            Net = Out(dh),
            NetAdds = dh.Adds,
        };
        long bytes = dscale.IsWanted ? x.Count * sizeof(float) : 0;
        float* perImage = dscale.IsWanted ? (float*)Pool.Rent(bytes, "a coupling scale's gradients per image") : null;
        try
        {
            gradients.ScalePerImage = perImage;
            Run(pieces.Count, new CouplingGradientWork(operands, gradients, pieces));
            if (dscale.IsWanted)
            {
                // [1], [C] and [C, H, W] alike, seen against [N, C, H·W].
                Shape full = [x.Shape[0], operands.Channels, checked((int)operands.Plane)];
                Shape target = scale!.Shape.Rank == 3 ? full.With(0, 1) : [1, scale.Shape[0], 1];
                Sum(new ElementFormula(perImage), SumOnto(target, full, full, full), x.Count, 1, 0, dscale);
            }
        }
        finally
        {
            if (perImage is not null)
            {
                Pool.Return((nint)perImage, bytes);
            }
        }
    }

    private static CouplingOperands Coupling(Tensor input, Tensor h, Tensor? scale, Tensor mask, Masked? kept, CouplingForm form)
    {
        CouplingOperands operands = new()
        {
            Channels = input.Shape[1],
            Plane = (long)input.Shape[2] * input.Shape[3],
            Input = In(input),
            Net = In(h),
            Mask = In(mask),
            Keep = kept is null ? null : In(kept.Value.Mask),
            Form = form,
        };
        if (scale is not null)
        {
            operands.SetScale(In(scale), scale.Shape);
        }

        return operands;
    }
}
