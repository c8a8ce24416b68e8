using TinyFlow.Cuda.Normalizations;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    private IBatchNorms? _batchNorms;

    /// <summary>By own kernels; or what is put here, which the backend then owns.</summary>
    internal IBatchNorms BatchNorms
    {
        get => _batchNorms ??= new OwnNormalizations(this);
        set
        {
            _batchNorms?.Dispose();
            _batchNorms = value;
        }
    }

    /// <inheritdoc/>
    public void BatchNorm(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor mean, Tensor inverseDeviation, Tensor y, BatchNormSettings settings, Tensor? bias = null) =>
        BatchNorms.Forward(x, gamma, beta, runningMean, runningVariance, mean, inverseDeviation, y, settings, bias);

    /// <inheritdoc/>
    public void BatchNormInference(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor inverseDeviation, Tensor y, BatchNormSettings settings) =>
        BatchNorms.Inference(x, gamma, beta, runningMean, runningVariance, inverseDeviation, y, settings);

    /// <inheritdoc/>
    public void BatchNormBackward(
        Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy,
        Sink dx, Sink dgamma, Sink dbeta, BatchNormSettings settings, BatchStatistics statistics, Sink dbias = default) =>
        BatchNorms.Backward(x, gamma, beta, mean, inverseDeviation, dy, dx, dgamma, dbeta, settings, statistics, dbias);
}
