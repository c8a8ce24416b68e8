using TinyFlow.Cuda.Normalizations;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    private OwnNormalizations? _ownNorms;

    private OwnNormalizations OwnNorms => _ownNorms ??= new OwnNormalizations(this);

    /// <inheritdoc/>
    public void InstanceNorm(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation) =>
        OwnNorms.Instances(x, mean, inverseDeviation, y, epsilon, activation);

    /// <inheritdoc/>
    public void InstanceNormBackward(Tensor x, Tensor mean, Tensor inverseDeviation, Tensor dy, Sink dx, Activation activation) =>
        OwnNorms.InstancesBackward(x, mean, inverseDeviation, dy, dx, activation);
}
