using TinyFlow.Cuda.Native;
using TinyFlow.Pointwise;

namespace TinyFlow.Cuda.Normalizations;

/// <summary>
/// Batch normalization by cuDNN, in the interface that it calls legacy and means to give up. It has no activation, which
/// follows in a launch of its own, and no gradient with constant statistics, which own kernels make.
/// </summary>
internal sealed unsafe class CudnnBatchNorms : IBatchNorms
{
    private readonly CudaBackend _backend;
    private readonly OwnNormalizations _own;
    private readonly NativeHandle _handle;
    private readonly Dictionary<Shape, CudnnChannels> _shapes = [];

    private CudnnBatchNorms(CudaBackend backend)
    {
        _backend = backend;
        _own = new OwnNormalizations(backend);
        _handle = CudnnLibrary.Open(backend.Context);
    }

    /// <inheritdoc/>
    public string Description => "cuDNN";

    /// <summary>Opens cuDNN.</summary>
    /// <param name="backend">Whose tensors are normalized.</param>
    /// <param name="library">What was found of cuDNN.</param>
    /// <exception cref="CudaUnavailableException">There is none, or one that has no batch normalization any more.</exception>
    public static CudnnBatchNorms Open(CudaBackend backend, FoundLibrary library)
    {
        string? obstacle = CudnnLibrary.Obstacle(library) ?? NativeLibraries.Obstacle(library, Cudnn.BatchNormFunctions);
        return obstacle is null ? new CudnnBatchNorms(backend) : throw new CudaUnavailableException(obstacle);
    }

    /// <inheritdoc/>
    public void Forward(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor mean, Tensor inverseDeviation, Tensor y, BatchNormSettings settings, Tensor? bias)
    {
        CudnnChannels channels = ChannelsOf(x);
        float one = 1, zero = 0;
        Cudnn.cudnnBatchNormalizationForwardTraining(
            _handle.Value, CudnnBatchNormMode.Spatial, &one, &zero, channels.Images, CudaBackend.Address(x), channels.Images, CudaBackend.Address(y),
            channels.Statistics, CudaBackend.Address(gamma), CudaBackend.Address(beta), settings.Momentum,
            CudaBackend.Address(runningMean), CudaBackend.Address(runningVariance), settings.Epsilon,
            CudaBackend.Address(mean), CudaBackend.Address(inverseDeviation)).ThrowOnError();
        Activate(y, settings.Activation);
        if (bias is not null)
        {
            _backend.ScaleShift(bias, settings.Momentum, 0, Sink.AddTo(runningMean));
        }
    }

    /// <inheritdoc/>
    public void Inference(
        Tensor x, Tensor gamma, Tensor beta, Tensor runningMean, Tensor runningVariance,
        Tensor inverseDeviation, Tensor y, BatchNormSettings settings)
    {
        CudnnChannels channels = ChannelsOf(x);
        float one = 1, zero = 0;
        Cudnn.cudnnBatchNormalizationForwardInference(
            _handle.Value, CudnnBatchNormMode.Spatial, &one, &zero, channels.Images, CudaBackend.Address(x), channels.Images, CudaBackend.Address(y),
            channels.Statistics, CudaBackend.Address(gamma), CudaBackend.Address(beta),
            CudaBackend.Address(runningMean), CudaBackend.Address(runningVariance), settings.Epsilon).ThrowOnError();
        Activate(y, settings.Activation);

        // What cuDNN keeps to itself here, the gradient needs.
        _own.InverseDeviations(runningVariance, inverseDeviation, settings.Epsilon);
    }

    /// <inheritdoc/>
    public void Backward(
        Tensor x, Tensor gamma, Tensor beta, Tensor mean, Tensor inverseDeviation, Tensor dy,
        Sink dx, Sink dgamma, Sink dbeta, BatchNormSettings settings, BatchStatistics statistics, Sink dbias)
    {
        if (statistics == BatchStatistics.Running)
        {
            _own.Backward(x, gamma, beta, mean, inverseDeviation, dy, dx, dgamma, dbeta, settings, statistics, dbias);
            return;
        }

        // All three gradients are always made, and added by one factor for both parameters.
        using Tensor? dz = settings.Activation == Activation.None ? null : _backend.Scratch(x.Shape);
        using Tensor? unwanted = dx.IsWanted ? null : _backend.Scratch(x.Shape);
        using Tensor dgammaAlone = _backend.Scratch(gamma.Shape), dbetaAlone = _backend.Scratch(beta.Shape);
        if (dz is not null)
        {
            _own.GradientBehind(x, gamma, beta, mean, inverseDeviation, dy, dz, settings);
        }

        CudnnChannels channels = ChannelsOf(x);
        float one = 1, zero = 0, inputFactor = dx.Adds ? 1 : 0;
        Cudnn.cudnnBatchNormalizationBackward(
            _handle.Value, CudnnBatchNormMode.Spatial, &one, &inputFactor, &one, &zero,
            channels.Images, CudaBackend.Address(x), channels.Images, CudaBackend.Address(dz ?? dy), channels.Images, CudaBackend.Address(dx.Tensor ?? unwanted!),
            channels.Statistics, CudaBackend.Address(gamma), CudaBackend.Address(dgammaAlone), CudaBackend.Address(dbetaAlone), settings.Epsilon,
            CudaBackend.Address(mean), CudaBackend.Address(inverseDeviation)).ThrowOnError();
        Put(dgammaAlone, dgamma);
        Put(dbetaAlone, dbeta);
        _backend.Clear(dbias);
    }

    public void Dispose()
    {
        _backend.Context.MakeCurrentIfPossible();
        foreach (CudnnChannels channels in _shapes.Values)
        {
            channels.Dispose();
        }

        _handle.Dispose();
    }

    private void Activate(Tensor y, Activation activation)
    {
        if (activation == Activation.Relu)
        {
            _backend.Pointwise<Relu>(y, y);
        }
    }

    private void Put(Tensor gradient, Sink sink)
    {
        if (sink.IsWanted)
        {
            _backend.ScaleShift(gradient, 1, 0, sink);
        }
    }

    private CudnnChannels ChannelsOf(Tensor x)
    {
        _backend.Context.MakeCurrent();
        if (!_shapes.TryGetValue(x.Shape, out CudnnChannels? channels))
        {
            channels = new CudnnChannels(x.Shape);
            _shapes.Add(x.Shape, channels);
        }

        return channels;
    }
}
