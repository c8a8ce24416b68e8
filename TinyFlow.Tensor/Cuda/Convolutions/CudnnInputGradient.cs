using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda.Convolutions;

/// <summary>dx from weight and dy.</summary>
internal sealed unsafe class CudnnInputGradient : CudnnPass
{
    public CudnnInputGradient(CudaBackend backend, NativeHandle handle, in ConvolutionGeometry geometry) : base(backend, handle, geometry, geometry.InputCount)
    {
    }

    protected override int Algorithms => 6;

    protected override CudnnStatus WorkspaceSize(int algorithm, out nuint bytes) =>
        Cudnn.cudnnGetConvolutionBackwardDataWorkspaceSize(Handle, Weight, Y, Convolution, X, algorithm, out bytes);

    protected override CudnnStatus Find(
        ulong left, ulong right, ulong result, ulong workspace, nuint workspaceBytes, int requested, out int returned, CudnnAlgorithmPerformance* results) =>
        Cudnn.cudnnFindConvolutionBackwardDataAlgorithmEx(
            Handle, Weight, left, Y, right, Convolution, X, result, requested, out returned, results, workspace, workspaceBytes);

    protected override CudnnStatus Run(
        int algorithm, ulong left, ulong right, ulong result, ulong workspace, nuint workspaceBytes, float* alpha, float* beta) =>
        Cudnn.cudnnConvolutionBackwardData(
            Handle, alpha, Weight, left, Y, right, Convolution, algorithm, workspace, workspaceBytes, beta, X, result);
}
