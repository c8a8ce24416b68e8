using System.Runtime.CompilerServices;
using TinyFlow.Pointwise;

namespace TinyFlow;

#pragma warning disable CS1591 // The contract documents its members.
public sealed unsafe partial class CudaBackend
{
    private static NotSupportedException Pending([CallerMemberName] string op = "") => new($"CudaBackend has no {op} yet.");

    // Elementwise
    public void Pointwise<TOp>(Tensor x, Tensor y) where TOp : struct, IPointwise => throw Pending();
    public void PointwiseBackward<TOp>(Tensor x, Tensor y, Tensor dy, Sink dx) where TOp : struct, IPointwise => throw Pending();
    public void Binary<TOp>(Tensor a, Tensor b, Tensor y) where TOp : struct, IBinary => throw Pending();
    public void BinaryBackward<TOp>(Tensor a, Tensor b, Tensor y, Tensor dy, Sink da, Sink db) where TOp : struct, IBinary => throw Pending();
    public void ScaleShift(Tensor x, double scale, double shift, Sink y) => throw Pending();
    public void ConcatElu(Tensor x, Tensor y) => throw Pending();
    public void ConcatEluBackward(Tensor y, Tensor dy, Sink dx) => throw Pending();
    public void GatedSum(Tensor x, Tensor gate, Tensor y) => throw Pending();
    public void GatedSumBackward(Tensor gate, Tensor dy, Sink dgate) => throw Pending();

    // Reductions and data movement
    public void Sum(Tensor x, double scale, Sink y) => throw Pending();
    public void Broadcast(Tensor x, double scale, Sink y) => throw Pending();
    public void Copy(Tensor x, Walk from, Sink y, Walk to, Shape extent) => throw Pending();

    // Normalization
    public void BatchNorm(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor mean, Tensor inverseDeviation, Tensor y, BatchNormSettings settings) => throw Pending();
    public void BatchNormInference(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor inverseDeviation, Tensor y, BatchNormSettings settings) => throw Pending();
    public void BatchNormBackward(
        Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy,
        Sink dx, Sink dgamma, Sink dbeta, BatchNormSettings settings, BatchStatistics statistics) => throw Pending();
    public void InstanceNorm(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation) => throw Pending();
    public void InstanceNormBackward(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor dy, Sink dx, Activation activation) => throw Pending();

    // Flows
    public void AffineCoupling(Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor y, Tensor logDet, CouplingForm form) => throw Pending();
    public void AffineCouplingInverse(Tensor y, Tensor h, Tensor? scale, Tensor mask, Tensor x, CouplingForm form) => throw Pending();
    public void AffineCouplingBackward(
        Tensor x, Tensor h, Tensor? scale, Tensor mask, Tensor dy, Tensor dlogDet,
        Sink dx, Sink dh, Sink dscale, CouplingForm form) => throw Pending();
    public void LogisticMixtureCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet) => throw Pending();
    public void LogisticMixtureCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x) => throw Pending();
    public void LogisticMixtureCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh) => throw Pending();
    public void RationalQuadraticCoupling(Tensor x, Tensor h, ChannelRange changed, Tensor y, Tensor logDet) => throw Pending();
    public void RationalQuadraticCouplingInverse(Tensor y, Tensor h, ChannelRange changed, Tensor x) => throw Pending();
    public void RationalQuadraticCouplingBackward(Tensor x, Tensor h, ChannelRange changed, Tensor dy, Tensor dlogDet, Sink dx, Sink dh) => throw Pending();
    public void GaussianLogProb(Tensor z, Tensor logProb) => throw Pending();
    public void GaussianLogProbBackward(Tensor z, Tensor dlogProb, Sink dz) => throw Pending();

    // Random numbers
    public void Uniform(NoiseKey key, Tensor y) => throw Pending();
    public void Normal(NoiseKey key, Tensor y) => throw Pending();
    public void Dequantize(ReadOnlySpan<byte> pixels, ReadOnlySpan<int> images, NoiseKey key, Tensor x) => throw Pending();

    // Optimization, over all parameters at once
    public void SumOfSquares(Tensor x, Tensor y) => throw Pending();
    public void Adam(Tensor parameters, Tensor gradients, Tensor first, Tensor second, Tensor squaredNorm, Tensor state, AdamSettings settings) => throw Pending();
}
