using TinyFlow.Cuda.Normalizations;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    private OwnNormalizations? _instanceNorms;

    private OwnNormalizations InstanceNorms => _instanceNorms ??= new OwnNormalizations(this);

    /// <inheritdoc/>
    public void InstanceNorm(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation) =>
        InstanceNorms.Instances(x, mean, inverseDeviation, y, epsilon, activation);

    /// <inheritdoc/>
    public void InstanceNormBackward(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor dy, Sink dx, Activation activation) =>
        InstanceNorms.InstancesBackward(x, mean, inverseDeviation, dy, dx, activation);
}
