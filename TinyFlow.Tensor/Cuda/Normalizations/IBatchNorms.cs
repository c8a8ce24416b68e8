namespace TinyFlow.Cuda.Normalizations;

/// <summary>Batch normalizations as in <see cref="IBackend"/>, on tensors in device memory.</summary>
internal interface IBatchNorms : IDisposable
{
    /// <summary>What computes them, in words.</summary>
    string Description { get; }

    /// <summary>As <see cref="IBackend.BatchNorm"/>.</summary>
    void Forward(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor mean, Tensor inverseDeviation, Tensor y, BatchNormSettings settings, Tensor? bias);

    /// <summary>As <see cref="IBackend.BatchNormInference"/>.</summary>
    void Inference(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor inverseDeviation, Tensor y, BatchNormSettings settings);

    /// <summary>As <see cref="IBackend.BatchNormBackward"/>.</summary>
    void Backward(
        Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy,
        Sink dx, Sink dgamma, Sink dbeta, BatchNormSettings settings, BatchStatistics statistics, Sink dbias);
}
