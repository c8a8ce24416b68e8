using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda.Convolutions;

/// <summary>dweight from x and dy.</summary>
internal sealed unsafe class CudnnWeightGradient : CudnnPass
{
    public CudnnWeightGradient(CudaBackend backend, NativeHandle handle, in ConvolutionGeometry geometry) : base(backend, handle, geometry, WeightCount(geometry))
    {
    }

    protected override int Algorithms => 7;

    protected override CudnnStatus WorkspaceSize(int algorithm, out nuint bytes) =>
        Cudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize(Handle, X, Y, Convolution, Weight, algorithm, out bytes);

    protected override CudnnStatus Find(
        ulong left, ulong right, ulong result, ulong workspace, nuint workspaceBytes, int requested, out int returned, CudnnAlgorithmPerformance* results) =>
        Cudnn.cudnnFindConvolutionBackwardFilterAlgorithmEx(
            Handle, X, left, Y, right, Convolution, Weight, result, requested, out returned, results, workspace, workspaceBytes);

    protected override CudnnStatus Run(
        int algorithm, ulong left, ulong right, ulong result, ulong workspace, nuint workspaceBytes, float* alpha, float* beta) =>
        Cudnn.cudnnConvolutionBackwardFilter(
            Handle, alpha, X, left, Y, right, Convolution, algorithm, workspace, workspaceBytes, beta, Weight, result);

    private static long WeightCount(in ConvolutionGeometry geometry) =>
        (long)geometry.OutputChannels * geometry.InputChannels * geometry.KernelHeight * geometry.KernelWidth;
}
