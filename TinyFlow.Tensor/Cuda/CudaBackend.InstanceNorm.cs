using TinyFlow.Cuda;

namespace TinyFlow;

/// <summary>Instance normalization: a batch normalization of one image of N·C channels.</summary>
public sealed unsafe partial class CudaBackend
{
    /// <inheritdoc/>
    public void InstanceNorm(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation) =>
        NormalizeByOwnStatistics(InstancesOf(x), x, y, Parameters(mean, inverseDeviation, epsilon, activation));

    /// <inheritdoc/>
    public void InstanceNormBackward(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor dy, Sink dx, Activation activation)
    {
        if (dx.IsWanted)
        {
            NormalizeBackward(
                InstancesOf(x), x, dy, dx, Sink.None, Sink.None, Parameters(mean, inverseDeviation, 0, activation), BatchStatistics.Batch);
        }
    }

    private static ChannelCut InstancesOf(Tensor x) => new(1, (long)x.Shape[0] * x.Shape[1], (long)x.Shape[2] * x.Shape[3]);

    private static NormalizationParameters Parameters(Tensor mean, Tensor inverseDeviation, double epsilon, Activation activation) => new()
    {
        Mean = Address(mean),
        InverseDeviation = Address(inverseDeviation),
        Epsilon = (float)epsilon,
        Relu = activation == Activation.Relu ? 1 : 0,
    };
}
