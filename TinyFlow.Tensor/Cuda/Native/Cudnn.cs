using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>
/// cuDNN 9, under its own names: libcudnn.so.9, cudnn64_9.dll, which open the other libraries of cuDNN themselves.
/// Only what convolutions need, in the interface that cuDNN calls legacy.
/// </summary>
internal static unsafe partial class Cudnn
{
    private const string Library = NativeLibraries.Cudnn;

    /// <summary>The oldest version whose status codes are those of <see cref="CudnnStatus"/>.</summary>
    public const int OldestVersion = 90000;

    /// <summary>What the library has to export.</summary>
    public static IReadOnlyList<string> Functions { get; } =
    [
        nameof(cudnnGetVersion), nameof(cudnnGetCudartVersion), nameof(cudnnGetErrorString), nameof(cudnnGetLastErrorString),
        nameof(cudnnCreate), nameof(cudnnDestroy), nameof(cudnnSetStream),
        nameof(cudnnCreateTensorDescriptor), nameof(cudnnSetTensor4dDescriptor), nameof(cudnnDestroyTensorDescriptor),
        nameof(cudnnCreateFilterDescriptor), nameof(cudnnSetFilter4dDescriptor), nameof(cudnnDestroyFilterDescriptor),
        nameof(cudnnCreateConvolutionDescriptor), nameof(cudnnSetConvolution2dDescriptor), nameof(cudnnSetConvolutionMathType),
        nameof(cudnnDestroyConvolutionDescriptor),
        nameof(cudnnFindConvolutionForwardAlgorithmEx), nameof(cudnnGetConvolutionForwardWorkspaceSize), nameof(cudnnConvolutionForward),
        nameof(cudnnCreateActivationDescriptor), nameof(cudnnSetActivationDescriptor), nameof(cudnnDestroyActivationDescriptor),
        nameof(cudnnConvolutionBiasActivationForward),
        nameof(cudnnFindConvolutionBackwardDataAlgorithmEx), nameof(cudnnGetConvolutionBackwardDataWorkspaceSize), nameof(cudnnConvolutionBackwardData),
        nameof(cudnnFindConvolutionBackwardFilterAlgorithmEx), nameof(cudnnGetConvolutionBackwardFilterWorkspaceSize), nameof(cudnnConvolutionBackwardFilter),
    ];

    // Context

    /// <summary>10000·major + 100·minor + patch, of version 9 on; 1000·major + … before.</summary>
    [LibraryImport(Library)]
    public static partial nuint cudnnGetVersion();

    /// <summary>1000·major + 10·minor of the CUDA that it was built for.</summary>
    [LibraryImport(Library)]
    public static partial nuint cudnnGetCudartVersion();

    [LibraryImport(Library)]
    public static partial byte* cudnnGetErrorString(CudnnStatus status);

    /// <summary>More about the last error of this thread.</summary>
    [LibraryImport(Library)]
    public static partial void cudnnGetLastErrorString(byte* message, nuint bytes);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnCreate(out nint handle);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnDestroy(nint handle);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnSetStream(nint handle, nint stream);

    // Descriptors

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnCreateTensorDescriptor(out nint descriptor);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnSetTensor4dDescriptor(nint descriptor, CudnnFormat format, CudnnDataType type, int n, int c, int h, int w);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnDestroyTensorDescriptor(nint descriptor);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnCreateFilterDescriptor(out nint descriptor);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnSetFilter4dDescriptor(nint descriptor, CudnnDataType type, CudnnFormat format, int k, int c, int h, int w);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnDestroyFilterDescriptor(nint descriptor);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnCreateConvolutionDescriptor(out nint descriptor);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnSetConvolution2dDescriptor(
        nint descriptor, int paddingY, int paddingX, int strideY, int strideX, int dilationY, int dilationX, CudnnConvolutionMode mode, CudnnDataType compute);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnSetConvolutionMathType(nint descriptor, CudnnMath math);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnDestroyConvolutionDescriptor(nint descriptor);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnCreateActivationDescriptor(out nint descriptor);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnSetActivationDescriptor(nint descriptor, CudnnActivation mode, int nanPropagation, double coefficient);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnDestroyActivationDescriptor(nint descriptor);

    // Convolution. Find… runs and times each algorithm, and overwrites the result.

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnFindConvolutionForwardAlgorithmEx(
        nint handle, nint xDescriptor, ulong x, nint wDescriptor, ulong w, nint convolution, nint yDescriptor, ulong y,
        int requested, out int returned, CudnnAlgorithmPerformance* results, ulong workspace, nuint workspaceBytes);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnGetConvolutionForwardWorkspaceSize(
        nint handle, nint xDescriptor, nint wDescriptor, nint convolution, nint yDescriptor, int algorithm, out nuint bytes);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnConvolutionForward(
        nint handle, float* alpha, nint xDescriptor, ulong x, nint wDescriptor, ulong w, nint convolution, int algorithm,
        ulong workspace, nuint workspaceBytes, float* beta, nint yDescriptor, ulong y);

    /// <summary>y = activation(alpha1·(x ∗ w) + alpha2·z + bias).</summary>
    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnConvolutionBiasActivationForward(
        nint handle, float* alpha1, nint xDescriptor, ulong x, nint wDescriptor, ulong w, nint convolution, int algorithm,
        ulong workspace, nuint workspaceBytes, float* alpha2, nint zDescriptor, ulong z, nint biasDescriptor, ulong bias,
        nint activation, nint yDescriptor, ulong y);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnFindConvolutionBackwardDataAlgorithmEx(
        nint handle, nint wDescriptor, ulong w, nint dyDescriptor, ulong dy, nint convolution, nint dxDescriptor, ulong dx,
        int requested, out int returned, CudnnAlgorithmPerformance* results, ulong workspace, nuint workspaceBytes);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnGetConvolutionBackwardDataWorkspaceSize(
        nint handle, nint wDescriptor, nint dyDescriptor, nint convolution, nint dxDescriptor, int algorithm, out nuint bytes);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnConvolutionBackwardData(
        nint handle, float* alpha, nint wDescriptor, ulong w, nint dyDescriptor, ulong dy, nint convolution, int algorithm,
        ulong workspace, nuint workspaceBytes, float* beta, nint dxDescriptor, ulong dx);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnFindConvolutionBackwardFilterAlgorithmEx(
        nint handle, nint xDescriptor, ulong x, nint dyDescriptor, ulong dy, nint convolution, nint dwDescriptor, ulong dw,
        int requested, out int returned, CudnnAlgorithmPerformance* results, ulong workspace, nuint workspaceBytes);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnGetConvolutionBackwardFilterWorkspaceSize(
        nint handle, nint xDescriptor, nint dyDescriptor, nint convolution, nint dwDescriptor, int algorithm, out nuint bytes);

    [LibraryImport(Library)]
    public static partial CudnnStatus cudnnConvolutionBackwardFilter(
        nint handle, float* alpha, nint xDescriptor, ulong x, nint dyDescriptor, ulong dy, nint convolution, int algorithm,
        ulong workspace, nuint workspaceBytes, float* beta, nint dwDescriptor, ulong dw);
}
