using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda.Normalizations;

/// <summary>cuDNN's descriptors for images of one shape and for the statistics of their channels.</summary>
internal sealed class CudnnChannels : IDisposable
{
    private readonly List<NativeHandle> _descriptors = [];

    public CudnnChannels(Shape shape)
    {
        try
        {
            Images = Create();
            Cudnn.cudnnSetTensor4dDescriptor(Images, CudnnFormat.Nchw, CudnnDataType.Float32, shape[0], shape[1], shape[2], shape[3]).ThrowOnError();
            Statistics = Create();
            Cudnn.cudnnDeriveBNTensorDescriptor(Statistics, Images, CudnnBatchNormMode.Spatial).ThrowOnError();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The descriptor of the images.</summary>
    public nint Images { get; }

    /// <summary>The descriptor of what there is once a channel.</summary>
    public nint Statistics { get; }

    public void Dispose()
    {
        foreach (NativeHandle descriptor in _descriptors)
        {
            descriptor.Dispose();
        }
    }

    private nint Create()
    {
        Cudnn.cudnnCreateTensorDescriptor(out nint descriptor).ThrowOnError();
        _descriptors.Add(new NativeHandle(descriptor, static value => Cudnn.cudnnDestroyTensorDescriptor(value)));
        return descriptor;
    }
}
