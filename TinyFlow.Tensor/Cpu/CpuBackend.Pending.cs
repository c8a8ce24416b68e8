#pragma warning disable CS1591
namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    public override void MatMul(Tensor left, bool transposeLeft, Tensor right, bool transposeRight, Sink y) => throw new NotSupportedException();
    public override void AffineCoupling(Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor y, Tensor logDet, CouplingForm form) => throw new NotSupportedException();
    public override void AffineCouplingInverse(Tensor y, Tensor h, Tensor? scale, Tensor mask, Tensor x, CouplingForm form) => throw new NotSupportedException();
    public override void AffineCouplingBackward( Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor dy, Tensor dlogDet, Sink dx, Sink dh, Sink dscale, CouplingForm form) => throw new NotSupportedException();
    public override void Uniform(NoiseKey key, Tensor y) => throw new NotSupportedException();
    public override void Normal(NoiseKey key, Tensor y) => throw new NotSupportedException();
    public override void Dequantize(ReadOnlySpan<byte> pixels, ReadOnlySpan<int> images, NoiseKey key, Tensor x) => throw new NotSupportedException();
    public override void SumOfSquares(Tensor x, Tensor y) => throw new NotSupportedException();
    public override void Adam(Tensor parameters, Tensor gradients, Tensor first, Tensor second, Tensor squaredNorm, Tensor state, AdamSettings settings) => throw new NotSupportedException();
}
