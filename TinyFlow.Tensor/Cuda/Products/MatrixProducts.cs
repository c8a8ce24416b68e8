using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda.Products;

/// <summary>Products of row-major matrices by cuBLAS, on the stream of a context.</summary>
internal sealed unsafe class MatrixProducts : IDisposable
{
    // What NVIDIA recommends: cuBLAS's manual, cublasSetWorkspace.
    private const long HopperWorkspace = 32 << 20, Workspace = 4 << 20;

    private readonly CudaContext _context;
    private readonly DevicePool _pool;
    private readonly NativeHandle _handle;
    private readonly CublasCompute _compute;
    private readonly nint _workspace;
    private readonly long _workspaceBytes;

    /// <summary>Opens cuBLAS.</summary>
    /// <exception cref="CudaUnavailableException">It is not there.</exception>
    public MatrixProducts(CudaContext context, DevicePool pool, MatmulPrecision precision)
    {
        NativeLibraries.Require(NativeLibraries.Cublas);
        _context = context;
        _pool = pool;
        _compute = precision == MatmulPrecision.High ? CublasCompute.Float32FastTf32 : CublasCompute.Float32;
        _workspaceBytes = context.ComputeCapability >= 90 ? HopperWorkspace : Workspace;
        context.MakeCurrent();
        Cublas.cublasCreate_v2(out nint handle).ThrowOnError();
        _handle = new NativeHandle(handle, static value => Cublas.cublasDestroy_v2(value));
        try
        {
            Cublas.cublasSetStream_v2(handle, context.Stream).ThrowOnError();
            // Its own workspace would be taken at the first product, and again while a graph is captured.
            _workspace = pool.Rent(_workspaceBytes, "cuBLAS's workspace");
            Cublas.cublasSetWorkspace_v2(handle, (ulong)_workspace, (nuint)_workspaceBytes).ThrowOnError();
            Cublas.cublasSetMathMode(handle, precision == MatmulPrecision.High ? CublasMath.Tf32TensorOp : CublasMath.Default).ThrowOnError();
            Cublas.cublasSetAtomicsMode(handle, CublasAtomics.NotAllowed).ThrowOnError();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>y[i] = left[i] · right[i] of [m, k] and [k, n], or y[i] + that.</summary>
    public void Multiply(RowMajor left, RowMajor right, ulong y, int batches, int m, int n, int k, bool adds)
    {
        if (left is { IsTransposed: false } && right.BatchStride == 0 && left.BatchStride == (long)m * k && batches <= int.MaxValue / m)
        {
            // All batches are rows of one matrix.
            m *= batches;
            batches = 1;
        }

        // Column-major, a row-major matrix is its transpose: yᵀ = rightᵀ · leftᵀ.
        float alpha = 1, beta = adds ? 1 : 0;
        _context.MakeCurrent();
        Cublas.cublasGemmStridedBatchedEx(
            _handle.Value, Operation(right), Operation(left), n, m, k,
            &alpha, right.Address, CudaDataType.Float32, right.IsTransposed ? k : n, right.BatchStride,
            left.Address, CudaDataType.Float32, left.IsTransposed ? m : k, left.BatchStride,
            &beta, y, CudaDataType.Float32, n, (long)m * n, batches, _compute, CublasAlgorithm.Default).ThrowOnError();
    }

    public void Dispose()
    {
        _context.MakeCurrentIfPossible();
        _handle.Dispose();
        if (_workspace != 0)
        {
            _pool.Return(_workspace, _workspaceBytes);
        }
    }

    private static CublasOperation Operation(RowMajor matrix) => matrix.IsTransposed ? CublasOperation.Transpose : CublasOperation.None;
}
