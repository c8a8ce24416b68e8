using System.Runtime.InteropServices;
using TinyFlow.Cuda;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    /// <inheritdoc/>
    public void WeightNorm(Tensor v, Tensor g, Tensor w) => Launch("tf_weight_norm", LaunchGrid.Blocks(g.Count), new WeightNormArguments
    {
        V = Address(v),
        G = Address(g),
        W = Address(w),
        Length = v.Count / Math.Max(1, g.Count),
    });

    /// <inheritdoc/>
    public void WeightNormBackward(Tensor v, Tensor g, Tensor dw, Sink dv, Sink dg)
    {
        WeightNormGradientArguments arguments = new() { V = Address(v), G = Address(g), Dw = Address(dw), Length = v.Count / Math.Max(1, g.Count) };
        (arguments.Dv, arguments.DvAdds) = SinkAddress(dv);
        (arguments.Dg, arguments.DgAdds) = SinkAddress(dg);
        Launch("tf_weight_norm_backward", LaunchGrid.Blocks(g.Count), arguments);
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WeightNormArguments
    {
        public ulong V, G, W;
        public long Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WeightNormGradientArguments
    {
        public ulong V, G, Dw, Dv, Dg;
        public long Length;
        public int DvAdds, DgAdds;
    }
}
