using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>cudnnBatchNormMode_t.</summary>
internal enum CudnnBatchNormMode
{
    /// <summary>A statistic for each channel.</summary>
    Spatial = 1,
}

/// <summary>
/// Batch normalization. Running statistics are mixed with the weight of the new batch, the variance unbiased; saved are mean
/// and 1/√(variance + ε) of the biased one.
/// </summary>
internal static unsafe partial class Cudnn
{
    /// <summary>What the library has to export for batch normalization; a later version may not.</summary>
    public static IReadOnlyList<string> BatchNormFunctions { get; } =
    [
        nameof(cudnnDeriveBNTensorDescriptor), nameof(cudnnBatchNormalizationForwardTraining),
        nameof(cudnnBatchNormalizationForwardInference), nameof(cudnnBatchNormalizationBackward),
    ];

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnDeriveBNTensorDescriptor(nint derived, nint xDescriptor, CudnnBatchNormMode mode);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnBatchNormalizationForwardTraining(
        nint handle, CudnnBatchNormMode mode, float* alpha, float* beta, nint xDescriptor, ulong x, nint yDescriptor, ulong y,
        nint statistics, ulong gamma, ulong shift, double averageFactor, ulong runningMean, ulong runningVariance,
        double epsilon, ulong savedMean, ulong savedInverseDeviation);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnBatchNormalizationForwardInference(
        nint handle, CudnnBatchNormMode mode, float* alpha, float* beta, nint xDescriptor, ulong x, nint yDescriptor, ulong y,
        nint statistics, ulong gamma, ulong shift, ulong mean, ulong variance, double epsilon);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnBatchNormalizationBackward(
        nint handle, CudnnBatchNormMode mode, float* alphaData, float* betaData, float* alphaParameters, float* betaParameters,
        nint xDescriptor, ulong x, nint dyDescriptor, ulong dy, nint dxDescriptor, ulong dx,
        nint statistics, ulong gamma, ulong dgamma, ulong dshift, double epsilon, ulong savedMean, ulong savedInverseDeviation);
}
