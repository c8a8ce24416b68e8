using System.Runtime.InteropServices;
using TinyFlow.Cuda;

namespace TinyFlow;

/// <summary>Couplings that map each changed element by itself, a thread each; element_coupling.h has what they share.</summary>
public sealed unsafe partial class CudaBackend
{
    // Dear elements: a thread of a full block takes 4 of them where an image's are summed, else one.
    private const int ElementsOfMapSum = 2048, ThreadsOfMapSum = 512;

    /// <inheritdoc/>
    public void LogisticMixtureCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet) =>
        Couple("tf_logistic_mixture_coupling", x, h, changed, y, logDet);

    /// <inheritdoc/>
    public void LogisticMixtureCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x) =>
        CoupleInverse("tf_logistic_mixture_coupling_inverse", y, h, changed, x);

    /// <inheritdoc/>
    public void LogisticMixtureCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh) =>
        CoupleBackward("tf_logistic_mixture_coupling_backward", x, h, changed, dy, dlogDet, dx, dh);

    /// <inheritdoc/>
    public void RationalQuadraticCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet) =>
        Couple("tf_rational_quadratic_coupling", x, h, changed, y, logDet);

    /// <inheritdoc/>
    public void RationalQuadraticCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x) =>
        CoupleInverse("tf_rational_quadratic_coupling_inverse", y, h, changed, x);

    /// <inheritdoc/>
    public void RationalQuadraticCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh) =>
        CoupleBackward("tf_rational_quadratic_coupling_backward", x, h, changed, dy, dlogDet, dx, dh);

    private void Couple(string kernel, Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet)
    {
        ImageCut cut = ElementsOf(x, changed, ElementsOfMapSum, ThreadsOfMapSum);
        using Tensor? parts = PartsOf(cut);
        Launch(kernel, cut.Grid, new ElementArguments
        {
            Operands = new(cut, x, h, changed),
            Output = Address(y),
            Sums = Address(parts ?? logDet),
        });
        SumParts(parts, logDet);
    }

    private void CoupleInverse(string kernel, Tensor y, Tensor h, ChannelRange changed, Tensor x)
    {
        ImageCut cut = ElementsOf(y, changed, LaunchGrid.UsualThreads, LaunchGrid.UsualThreads);
        Launch(kernel, cut.Grid, new ElementArguments { Operands = new(cut, y, h, changed), Output = Address(x) });
    }

    private void CoupleBackward(string kernel, Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh)
    {
        ImageCut cut = ElementsOf(x, changed, LaunchGrid.UsualThreads, LaunchGrid.UsualThreads);
        (ulong dxAddress, int dxAdds) = SinkAddress(dx);
        (ulong dnet, int dnetAdds) = SinkAddress(dh);
        Launch(kernel, cut.Grid, new ElementGradientArguments
        {
            Operands = new(cut, x, h, changed),
            Dy = Address(dy),
            DlogDet = Address(dlogDet),
            Dx = dxAddress,
            Dnet = dnet,
            DxAdds = dxAdds,
            DnetAdds = dnetAdds,
        });
    }

    private static ImageCut ElementsOf(Tensor x, ChannelRange changed, int mostElements, int mostThreads) =>
        new(x.Shape[0], (long)changed.Count * x.Shape[2] * x.Shape[3], mostElements, mostThreads);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct ElementOperands(ImageCut cut, Tensor input, Tensor net, ChannelRange changed)
    {
        public readonly ulong Input = Address(input);
        public readonly ulong Net = Address(net);
        public readonly long Image = (long)input.Shape[1] * input.Shape[2] * input.Shape[3];
        public readonly long First = (long)changed.First * input.Shape[2] * input.Shape[3];
        public readonly long Changed = (long)changed.Count * input.Shape[2] * input.Shape[3];
        public readonly long Part = cut.Part;
        public readonly long Parts = cut.Parts;
        public readonly int Parameters = net.Shape[1] / changed.Count;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ElementArguments
    {
        public ElementOperands Operands;
        public ulong Output;
        public ulong Sums;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ElementGradientArguments
    {
        public ElementOperands Operands;
        public ulong Dy;
        public ulong DlogDet;
        public ulong Dx;
        public ulong Dnet;
        public int DxAdds;
        public int DnetAdds;
    }
}
