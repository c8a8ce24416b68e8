using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda.Convolutions;

/// <summary>y from x and weight, and a bias where the algorithm that was chosen adds one.</summary>
internal sealed unsafe class CudnnForward(CudaBackend backend, NativeHandle handle, in ConvolutionGeometry geometry)
    : CudnnPass(backend, handle, geometry, geometry.OutputCount)
{
    // CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM: the only one that adds a bias without a ReLU behind it.
    private const int ImplicitPrecomputedProduct = 1;

    private readonly int _outputs = geometry.OutputChannels;
    private nint _bias, _identity;
    private bool _refusesBias;

    protected override int Algorithms => 8;

    /// <summary>y = x ∗ weight + bias in one go; false, and nothing is done, if the fastest algorithm cannot.</summary>
    public bool TryRunWithBias(ulong x, ulong weight, ulong bias, ulong y)
    {
        if (_refusesBias || ChoiceFor(x, weight) is not { Algorithm: ImplicitPrecomputedProduct } choice)
        {
            return false;
        }

        if (_identity == 0)
        {
            _bias = Images(1, _outputs, 1, 1);
            _identity = Identity();
        }

        float one = 1, zero = 0;
        using Tensor? workspace = Workspace(choice.WorkspaceBytes);
        CudnnStatus status = Cudnn.cudnnConvolutionBiasActivationForward(
            Handle, &one, X, x, Weight, weight, Convolution, choice.Algorithm, workspace is null ? 0 : CudaBackend.Address(workspace), (nuint)choice.WorkspaceBytes,
            &zero, Y, y, _bias, bias, _identity, Y, y);
        if (status.IsRefusal())
        {
            // What can convolve may not be able to add: the shapes and versions for which it is are written down nowhere.
            _refusesBias = true;
            return false;
        }

        status.ThrowOnError("cudnnConvolutionBiasActivationForward");
        return true;
    }

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
