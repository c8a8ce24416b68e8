using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda.Convolutions;

/// <summary>y from x and weight.</summary>
internal sealed unsafe class CudnnForward : CudnnPass
{
    public CudnnForward(CudaBackend backend, NativeHandle handle, in ConvolutionGeometry geometry) : base(backend, handle, geometry, geometry.OutputCount)
    {
    }

    protected override int Algorithms => 8;

    protected override CudnnStatus WorkspaceSize(int algorithm, out nuint bytes) =>
        Cudnn.cudnnGetConvolutionForwardWorkspaceSize(Handle, X, Weight, Convolution, Y, algorithm, out bytes);

    protected override CudnnStatus Find(
        ulong left, ulong right, ulong result, ulong workspace, nuint workspaceBytes, int requested, out int returned, CudnnAlgorithmPerformance* results) =>
        Cudnn.cudnnFindConvolutionForwardAlgorithmEx(
            Handle, X, left, Weight, right, Convolution, Y, result, requested, out returned, results, workspace, workspaceBytes);

    protected override CudnnStatus Run(
        int algorithm, ulong left, ulong right, ulong result, ulong workspace, nuint workspaceBytes, float* alpha, float* beta) =>
        Cudnn.cudnnConvolutionForward(
            Handle, alpha, X, left, Weight, right, Convolution, algorithm, workspace, workspaceBytes, beta, Y, result);
}
