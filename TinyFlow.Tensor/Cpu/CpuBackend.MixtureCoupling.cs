using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Couplings;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow;

/// <summary>
/// Mixture couplings run over images in plain order, in which each parameter of an image's changed elements is one run.
/// The parameters come from a convolution, channels last: they stay so if an image is one piece of work.
/// </summary>
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void LogisticMixtureCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet)
    {
        Pieces pieces = MixturePieces(x, changed);
        MixtureOperands operands = Mixture(x, h, changed, pieces.Segments == 1 && IsChannelsLast(h));
        using ScratchMemory memory = MixtureMemory(operands, out MixtureScratch scratch);
        long bytes = (long)operands.Images * pieces.Segments * sizeof(double);
        double* parts = (double*)Pool.Rent(bytes, "the parts of log-determinants");
        try
        {
            new Span<double>(parts, operands.Images * pieces.Segments).Clear();
            Run(pieces.Count, new MixtureWork(operands, pieces, Out(y), parts, scratch));
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
        Pieces pieces = MixturePieces(y, changed);
        MixtureOperands operands = Mixture(y, h, changed, pieces.Segments == 1 && IsChannelsLast(h));
        using ScratchMemory memory = MixtureMemory(operands, out MixtureScratch scratch);
        Run(pieces.Count, new MixtureInverseWork(operands, pieces, Out(x), scratch));
    }

    /// <inheritdoc/>
    public override void LogisticMixtureCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh)
    {
        Pieces pieces = MixturePieces(x, changed);
        bool channelsLast = pieces.Segments == 1 && IsChannelsLast(h) &&
            (dh.Tensor is not { } target || (dh.Adds ? IsChannelsLast(target) : CoversStorage(target)));
        MixtureOperands operands = Mixture(x, h, changed, channelsLast);
        using ScratchMemory memory = MixtureMemory(operands, out MixtureScratch scratch);
        MixtureGradients gradients = new()
        {
            Output = In(dy),
            LogDet = In(dlogDet),
            Input = Out(dx),
            InputAdds = dx.Adds,
            Net = channelsLast && dh.Tensor is { } result ? Overwritten(result, channelsLast: true).Data : Out(dh),
            NetAdds = dh.Adds,
        };
        Run(pieces.Count, new MixtureGradientWork(operands, gradients, pieces, scratch));
    }

    private static Pieces MixturePieces(Tensor x, ChannelRange changed) => new(x.Shape[0], (long)changed.Count * x.Shape[2] * x.Shape[3], MixtureWork.Grain);

    private static MixtureOperands Mixture(Tensor input, Tensor h, ChannelRange changed, bool netIsChannelsLast) =>
        new(In(input), netIsChannelsLast ? Held(h) : In(h), netIsChannelsLast, input.Shape, changed, (h.Shape[1] / changed.Count - 2) / 3);

    private ScratchMemory MixtureMemory(in MixtureOperands operands, out MixtureScratch scratch)
    {
        nint terms = MixtureTerms<Lanes512>.ScratchLength(operands.Components), parameters = operands.NetIsChannelsLast ? (nint)operands.Parameters : 0;
        ScratchMemory memory = new(Pool, _workers.Count * MixtureScratch.Length(terms, parameters), "the terms of a mixture coupling");
        scratch = new MixtureScratch(memory.Data, terms, parameters);
        return memory;
    }
}
