namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    /// <inheritdoc/>
    public void FlowNorm(
        Tensor x, Tensor runningMean, Tensor runningVariance, Tensor batchMean, Tensor mean, Tensor inverseDeviation,
        Tensor y, Tensor logDet, FlowNormSettings settings) =>
        OwnNorms.Flow(x, runningMean, runningVariance, batchMean, mean, inverseDeviation, y, logDet, settings);

    /// <inheritdoc/>
    public void FlowNormBackward(
        Tensor x, Tensor batchMean, Tensor mean, Tensor inverseDeviation, Tensor dy, Tensor dlogDet, Sink dx, FlowNormSettings settings) =>
        OwnNorms.FlowBackward(x, batchMean, mean, inverseDeviation, dy, dlogDet, dx, settings);
}
