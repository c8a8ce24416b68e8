using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Couplings;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow;

/// <summary>Mixture couplings run over images in plain order, in which each parameter of an image's changed elements is one run.</summary>
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void LogisticMixtureCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet)
    {
        MixtureOperands operands = Mixture(x, h, changed);
        Pieces pieces = new(operands.Images, operands.Changed, MixtureWork.Grain);
        using ScratchMemory scratch = MixtureScratch(operands.Components);
        long bytes = (long)operands.Images * pieces.Segments * sizeof(double);
        double* parts = (double*)Pool.Rent(bytes, "the parts of log-determinants");
        try
        {
            new Span<double>(parts, operands.Images * pieces.Segments).Clear();
            Run(pieces.Count, new MixtureWork(operands, pieces, Out(y), parts, scratch.Data));
            float* logDets = Out(logDet);
            for (int image = 0; image < operands.Images; image++)
            {
                double sum = 0;
                for (int segment = 0; segment < pieces.Segments; segment++)
                {
                    sum += parts[(long)image * pieces.Segments + segment];
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
    public override void LogisticMixtureCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x)
    {
        MixtureOperands operands = Mixture(y, h, changed);
        Pieces pieces = new(operands.Images, operands.Changed, MixtureWork.Grain);
        using ScratchMemory scratch = MixtureScratch(operands.Components);
        Run(pieces.Count, new MixtureInverseWork(operands, pieces, Out(x), scratch.Data));
    }

    /// <inheritdoc/>
    public override void LogisticMixtureCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh)
    {
        MixtureOperands operands = Mixture(x, h, changed);
        Pieces pieces = new(operands.Images, operands.Changed, MixtureWork.Grain);
        using ScratchMemory scratch = MixtureScratch(operands.Components);
        MixtureGradients gradients = new()
        {
            Output = In(dy),
            LogDet = In(dlogDet),
            Input = Out(dx),
            InputAdds = dx.Adds,
            Net = Out(dh),
            NetAdds = dh.Adds,
        };
        Run(pieces.Count, new MixtureGradientWork(operands, gradients, pieces, scratch.Data));
    }

    private static MixtureOperands Mixture(Tensor input, Tensor h, ChannelRange changed) =>
        new(In(input), In(h), input.Shape, changed, (h.Shape[1] / changed.Count - 2) / 3);

    private ScratchMemory MixtureScratch(int components) =>
        new(Pool, _workers.Count * MixtureTerms<Lanes512>.ScratchLength(components), "the terms of a mixture coupling");
}
