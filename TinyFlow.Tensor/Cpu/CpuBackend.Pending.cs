#pragma warning disable CS1591
namespace TinyFlow;

public sealed unsafe partial class CpuBackend
{
    public override void Fill(Tensor y, double value) => throw new NotSupportedException();
    public override void Pointwise<TOp>(Tensor x, Tensor y) => throw new NotSupportedException();
    public override void PointwiseBackward<TOp>(Tensor x, Tensor y, Tensor dy, Sink dx) => throw new NotSupportedException();
    public override void Binary<TOp>(Tensor a, Tensor b, Tensor y) => throw new NotSupportedException();
    public override void BinaryBackward<TOp>(Tensor a, Tensor b, Tensor y, Tensor dy, Sink da, Sink db) => throw new NotSupportedException();
    public override void ScaleShift(Tensor x, double scale, double shift, Sink y) => throw new NotSupportedException();
    public override void Sum(Tensor x, double scale, Sink y) => throw new NotSupportedException();
    public override void Broadcast(Tensor x, double scale, Sink y) => throw new NotSupportedException();
    public override void Copy(Tensor x, Walk from, Sink y, Walk to, Shape extent) => throw new NotSupportedException();
    public override void MatMul(Tensor left, bool transposeLeft, Tensor right, bool transposeRight, Sink y) => throw new NotSupportedException();
    public override void BatchNorm( Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance, Tensor mean, Tensor inverseDeviation, Tensor y, BatchNormSettings settings) => throw new NotSupportedException();
    public override void BatchNormInference( Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance, Tensor inverseDeviation, Tensor y, BatchNormSettings settings) => throw new NotSupportedException();
    public override void BatchNormBackward( Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy, Sink dx, Sink dgamma, Sink dbeta, BatchNormSettings settings, BatchStatistics statistics) => throw new NotSupportedException();
    public override void AffineCoupling(Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor y, Tensor logDet, CouplingForm form) => throw new NotSupportedException();
    public override void AffineCouplingInverse(Tensor y, Tensor h, Tensor? scale, Tensor mask, Tensor x, CouplingForm form) => throw new NotSupportedException();
    public override void AffineCouplingBackward( Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor dy, Tensor dlogDet, Sink dx, Sink dh, Sink dscale, CouplingForm form) => throw new NotSupportedException();
    public override void GaussianLogProb(Tensor z, Tensor logProb) => throw new NotSupportedException();
    public override void GaussianLogProbBackward(Tensor z, Tensor dlogProb, Sink dz) => throw new NotSupportedException();
    public override void Uniform(NoiseKey key, Tensor y) => throw new NotSupportedException();
    public override void Normal(NoiseKey key, Tensor y) => throw new NotSupportedException();
    public override void Dequantize(ReadOnlySpan<byte> pixels, ReadOnlySpan<int> images, NoiseKey key, Tensor x) => throw new NotSupportedException();
    public override void SumOfSquares(Tensor x, Tensor y) => throw new NotSupportedException();
    public override void Adam(Tensor parameters, Tensor gradients, Tensor first, Tensor second, Tensor squaredNorm, Tensor state, AdamSettings settings) => throw new NotSupportedException();
}
