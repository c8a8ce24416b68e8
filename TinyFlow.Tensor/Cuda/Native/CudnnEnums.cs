namespace TinyFlow.Cuda.Native;

/// <summary>cudnnDataType_t.</summary>
internal enum CudnnDataType
{
    Float32 = 0,
}

/// <summary>cudnnTensorFormat_t: the order of axes, outermost first.</summary>
internal enum CudnnFormat
{
    Nchw = 0,
    Nhwc = 1,
}

/// <summary>cudnnConvolutionMode_t. What learning calls a convolution is the cross-correlation.</summary>
internal enum CudnnConvolutionMode
{
    CrossCorrelation = 1,
}

/// <summary>cudnnActivationMode_t.</summary>
internal enum CudnnActivation
{
    Identity = 5,
}

/// <summary>cudnnMathType_t: what products may be rounded to. The default permits TF32 for float32.</summary>
internal enum CudnnMath
{
    Default = 0,
    TensorOp = 1,
    Fma = 3,
}

/// <summary>cudnnDeterminism_t.</summary>
internal enum CudnnDeterminism
{
    NonDeterministic = 0,
    Deterministic = 1,
}
