using System.Runtime.InteropServices;
using TinyFlow.Cuda;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    // 8 elements a thread of a full block, an exponential and a hyperbolic tangent each.
    private const int ElementsOfCoupling = 8192, ThreadsOfCoupling = 1024;

    // As many threads as keep a device busy; beyond, each takes several images and sums a scale's gradient on the way.
    private const long ManyThreads = 1 << 16;

    /// <inheritdoc/>
    public void AffineCoupling(Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor y, Tensor logDet, CouplingForm form, Masked? kept = null)
    {
        ImageCut cut = new(x.Shape[0], mask.Count, ElementsOfCoupling, ThreadsOfCoupling);
        using Tensor? parts = PartsOf(cut);
        Launch("tf_affine_coupling", cut.Grid, new CouplingArguments
        {
            Operands = new(x, h, scale, mask, kept, form),
            Output = Address(y),
            Kept = AddressOrNull(kept?.Values),
            Sums = Address(parts ?? logDet),
            Part = cut.Part,
            Parts = cut.Parts,
        });
        SumParts(parts, logDet);
    }

    /// <inheritdoc/>
    public void AffineCouplingInverse(Tensor y, Tensor h, Tensor? scale, Tensor mask, Tensor x, CouplingForm form)
    {
        ImageCut cut = new(y.Shape[0], mask.Count, LaunchGrid.UsualThreads, LaunchGrid.UsualThreads);
        Launch("tf_affine_coupling_inverse", cut.Grid, new CouplingArguments
        {
            Operands = new(y, h, scale, mask, null, form),
            Output = Address(x),
            Part = cut.Part,
            Parts = cut.Parts,
        });
    }

    /// <inheritdoc/>
    public void AffineCouplingBackward(
        Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor dy, Tensor dlogDet,
        Sink dx, Sink dh, Sink dscale, CouplingForm form, Masked? dkept = null)
    {
        long images = x.Shape[0], image = mask.Count, parts = Math.Clamp(ManyThreads / Math.Max(1, image), 1, Math.Max(1, images));
        long part = Math.Max(1, (images + parts - 1) / parts);
        parts = Math.Max(1, (images + part - 1) / part);
        using Tensor? scaleParts = dscale.IsWanted ? Scratch([checked((int)parts), checked((int)image)]) : null;
        (ulong dxAddress, int dxAdds) = SinkAddress(dx);
        (ulong dnet, int dnetAdds) = SinkAddress(dh);
        long blocks = (image + LaunchGrid.UsualThreads - 1) / LaunchGrid.UsualThreads;
        Launch("tf_affine_coupling_backward", LaunchGrid.Blocks(parts * blocks), new CouplingGradientArguments
        {
            Operands = new(x, h, scale, mask, dkept, form),
            Dy = Address(dy),
            Dkept = AddressOrNull(dkept?.Values),
            DlogDet = Address(dlogDet),
            Dx = dxAddress,
            Dnet = dnet,
            Dscale = scaleParts is null ? 0 : Address(scaleParts),
            Images = images,
            Part = part,
            DxAdds = dxAdds,
            DnetAdds = dnetAdds,
        });
        if (dscale.Tensor is { } target && scaleParts is not null)
        {
            // [1], [C] and [C, H, W] alike, seen against [parts, C, H·W].
            int channels = x.Shape[1], plane = x.Shape[2] * x.Shape[3];
            using Tensor full = scaleParts.Reshape([scaleParts.Shape[0], channels, plane]);
            using Tensor sum = target.Reshape(target.Shape.Rank == 3 ? [1, channels, plane] : [1, target.Shape[0], 1]);
            Sum(full, 1, dscale with { Tensor = sum });
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct CouplingOperands(Tensor input, Tensor net, Tensor? scale, Tensor mask, Masked? kept, CouplingForm form)
    {
        public readonly ulong Input = Address(input);
        public readonly ulong Net = Address(net);
        public readonly ulong Scale = scale is null ? 0 : Address(scale);
        public readonly ulong Mask = Address(mask);
        public readonly ulong Keep = AddressOrNull(kept?.Mask);
        public readonly long Image = mask.Count;
        public readonly long ScaleGroup = scale is { Count: > 0 } ? mask.Count / scale.Count : 1;
        public readonly int ScaleFirst = form == CouplingForm.ScaleThenShift ? 1 : 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CouplingArguments
    {
        public CouplingOperands Operands;
        public ulong Output;
        public ulong Kept;
        public ulong Sums;
        public long Part;
        public long Parts;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct CouplingGradientArguments
    {
        public CouplingOperands Operands;
        public ulong Dy;
        public ulong Dkept;
        public ulong DlogDet;
        public ulong Dx;
        public ulong Dnet;
        public ulong Dscale;
        public long Images;
        public long Part;
        public int DxAdds;
        public int DnetAdds;
    }
}
