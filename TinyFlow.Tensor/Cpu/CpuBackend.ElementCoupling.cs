using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Couplings;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow;

/// <summary>
/// Couplings that map each changed element by itself run over images in plain order, in which each parameter of an image's
/// changed elements is one run. The parameters come from a convolution, channels last: they stay so if an image is one
/// piece of work.
/// </summary>
public sealed unsafe partial class CpuBackend
{
    // The elements of a piece: one takes nanoseconds, so a piece takes ten microseconds.
    private const int ElementGrain = 1 << 11;

    /// <inheritdoc/>
    public override void LogisticMixtureCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet) =>
        Couple<MixtureMap>(x, h, changed, y, logDet);

    /// <inheritdoc/>
    public override void LogisticMixtureCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x) =>
        CoupleInverse<MixtureMap>(y, h, changed, x);

    /// <inheritdoc/>
    public override void LogisticMixtureCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh) =>
        CoupleBackward<MixtureMap>(x, h, changed, dy, dlogDet, dx, dh);

    /// <inheritdoc/>
    public override void RationalQuadraticCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet) =>
        Couple<SplineMap>(x, h, changed, y, logDet);

    /// <inheritdoc/>
    public override void RationalQuadraticCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x) =>
        CoupleInverse<SplineMap>(y, h, changed, x);

    /// <inheritdoc/>
    public override void RationalQuadraticCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh) =>
        CoupleBackward<SplineMap>(x, h, changed, dy, dlogDet, dx, dh);

    private void Couple<TMap>(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet) where TMap : struct, IElementMap
    {
        Pieces pieces = ElementPieces(x, changed);
        ElementOperands operands = Elements(x, h, changed, pieces.Segments == 1 && IsChannelsLast(h));
        using ScratchMemory memory = ElementMemory<TMap>(operands, out ElementScratch scratch);
        long bytes = (long)operands.Images * pieces.Segments * sizeof(double);
        double* parts = (double*)Pool.Rent(bytes, "the parts of log-determinants");
        try
        {
            new Span<double>(parts, operands.Images * pieces.Segments).Clear();
            Run(pieces.Count, new ElementWork<TMap>(operands, pieces, Out(y), parts, scratch));
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

    private void CoupleInverse<TMap>(Tensor y, Tensor h, ChannelRange changed, Tensor x) where TMap : struct, IElementMap
    {
        Pieces pieces = ElementPieces(y, changed);
        ElementOperands operands = Elements(y, h, changed, pieces.Segments == 1 && IsChannelsLast(h));
        using ScratchMemory memory = ElementMemory<TMap>(operands, out ElementScratch scratch);
        Run(pieces.Count, new ElementInverseWork<TMap>(operands, pieces, Out(x), scratch));
    }

    private void CoupleBackward<TMap>(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh) where TMap : struct, IElementMap
    {
        Pieces pieces = ElementPieces(x, changed);
        bool channelsLast = pieces.Segments == 1 && IsChannelsLast(h) &&
            (dh.Tensor is not { } target || (dh.Adds ? IsChannelsLast(target) : CoversStorage(target)));
        ElementOperands operands = Elements(x, h, changed, channelsLast);
        using ScratchMemory memory = ElementMemory<TMap>(operands, out ElementScratch scratch);
        ElementGradients gradients = new()
        {
            Output = In(dy),
            LogDet = In(dlogDet),
            Input = Out(dx),
            InputAdds = dx.Adds,
            Net = channelsLast && dh.Tensor is { } result ? Overwritten(result, channelsLast: true).Data : Out(dh),
            NetAdds = dh.Adds,
        };
        Run(pieces.Count, new ElementGradientWork<TMap>(operands, gradients, pieces, scratch));
    }

    private static Pieces ElementPieces(Tensor x, ChannelRange changed) => new(x.Shape[0], (long)changed.Count * x.Shape[2] * x.Shape[3], ElementGrain);

    private static ElementOperands Elements(Tensor input, Tensor h, ChannelRange changed, bool netIsChannelsLast) =>
        new(In(input), netIsChannelsLast ? Held(h) : In(h), netIsChannelsLast, input.Shape, changed, h.Shape[1] / changed.Count);

    private ScratchMemory ElementMemory<TMap>(in ElementOperands operands, out ElementScratch scratch) where TMap : struct, IElementMap
    {
        nint terms = (nint)TMap.Registers(operands.ParametersEach) * Lanes512.Count, parameters = operands.NetIsChannelsLast ? (nint)operands.Parameters : 0;
        ScratchMemory memory = new(Pool, _workers.Count * ElementScratch.Length(terms, parameters), "the terms of a coupling");
        scratch = new ElementScratch(memory.Data, terms, parameters);
        return memory;
    }
}
