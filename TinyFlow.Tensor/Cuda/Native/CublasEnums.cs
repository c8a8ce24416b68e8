namespace TinyFlow.Cuda.Native;

/// <summary>cublasOperation_t.</summary>
internal enum CublasOperation
{
    None = 0,
    Transpose = 1,
}

/// <summary>cublasMath_t: what products may be rounded to. The default never uses TF32.</summary>
internal enum CublasMath
{
    Default = 0,
    Pedantic = 2,
    Tf32TensorOp = 3,
}

/// <summary>cublasAtomicsMode_t: whether sums may run in an order that differs from run to run.</summary>
internal enum CublasAtomics
{
    NotAllowed = 0,
}

/// <summary>cublasComputeType_t: in what a product is computed.</summary>
internal enum CublasCompute
{
    Float32 = 68,
    Float32Pedantic = 69,
    Float32FastTf32 = 77,
}

/// <summary>cublasGemmAlgo_t.</summary>
internal enum CublasAlgorithm
{
    Default = -1,
}

/// <summary>cudaDataType_t.</summary>
internal enum CudaDataType
{
    Float32 = 0,
}
