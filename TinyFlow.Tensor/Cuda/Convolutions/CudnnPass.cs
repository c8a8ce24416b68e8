using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda.Convolutions;

/// <summary>One of the three passes of a convolution of one shape: its descriptors, and the algorithm that was chosen.</summary>
internal abstract unsafe class CudnnPass : IDisposable
{
    // What a convolution may work in: a share of the device, within limits. Large batches want some copies of their images.
    private const long LeastOfMostWorkspace = 256 << 20, MostOfMostWorkspace = 2L << 30;
    private const int MemoryShare = 16;

    // Each algorithm may be reported twice, with and without tensor cores; there are eight at most.
    private const int MostResults = 16;

    private readonly CudaBackend _backend;
    private readonly NativeHandle _handle;
    private readonly List<NativeHandle> _descriptors = [];
    private readonly ConvolutionGeometry _geometry;
    private readonly long _resultCount;
    private CudnnChoice? _choice;

    /// <summary>Describes a convolution.</summary>
    /// <param name="backend">Whose memory is used.</param>
    /// <param name="handle">cuDNN's.</param>
    /// <param name="geometry">The sizes.</param>
    /// <param name="resultCount">The elements of the result.</param>
    protected CudnnPass(CudaBackend backend, NativeHandle handle, in ConvolutionGeometry geometry, long resultCount)
    {
        _backend = backend;
        _handle = handle;
        _geometry = geometry;
        _resultCount = resultCount;
        try
        {
            X = Images(geometry.Images, geometry.InputChannels, geometry.InputHeight, geometry.InputWidth);
            Y = Images(geometry.Images, geometry.OutputChannels, geometry.OutputHeight, geometry.OutputWidth);
            Weight = Filters(geometry);
            Convolution = Window(geometry);
            Cudnn.cudnnSetConvolutionMathType(Convolution, WantedMath).ThrowOnError();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The descriptor of x and of its gradient.</summary>
    protected nint X { get; }

    /// <summary>The descriptor of y and of its gradient.</summary>
    protected nint Y { get; }

    /// <summary>The descriptor of the weight and of its gradient.</summary>
    protected nint Weight { get; }

    /// <summary>The descriptor of stride, padding and precision.</summary>
    protected nint Convolution { get; }

    /// <summary>cuDNN's handle.</summary>
    protected nint Handle => _handle.Value;

    /// <summary>How many algorithms cuDNN has for the pass.</summary>
    protected abstract int Algorithms { get; }

    // Without TF32 the products are plain multiplications: the default would permit it.
    private CudnnMath WantedMath => _backend.Precision == MatmulPrecision.Highest ? CudnnMath.Fma : CudnnMath.TensorOp;

    /// <summary>Computes the pass from its two operands; false, and nothing is done, if cuDNN has no algorithm for it.</summary>
    public bool TryRun(ulong left, ulong right, ulong result, bool adds)
    {
        CudnnChoice choice = ChoiceFor(left, right);
        if (choice == CudnnChoice.Refused)
        {
            return false;
        }

        using Tensor? workspace = Workspace(choice.WorkspaceBytes);
        float alpha = 1, beta = adds ? 1 : 0;
        CudnnStatus status = Run(choice.Algorithm, left, right, result, workspace is null ? 0 : CudaBackend.Address(workspace), (nuint)choice.WorkspaceBytes, &alpha, &beta);
        if (status.IsRefusal())
        {
            // Timed, and not to be had with these scales all the same.
            _choice = CudnnChoice.Refused;
            return false;
        }

        status.ThrowOnError(GetType().Name);
        return true;
    }

    /// <summary>The algorithm for the pass, chosen with these operands the first time.</summary>
    protected CudnnChoice ChoiceFor(ulong left, ulong right)
    {
        if (_choice is null)
        {
            (_choice, CudnnAlgorithmPerformance[] timed) = Choose(left, right);
            _backend.ConvolutionTimed?.Invoke(_geometry, GetType().Name, _choice, timed);
        }

        return _choice;
    }

    public void Dispose()
    {
        foreach (NativeHandle descriptor in _descriptors)
        {
            descriptor.Dispose();
        }
    }

    /// <summary>The bytes that an algorithm works in, if it can do the pass.</summary>
    protected abstract CudnnStatus WorkspaceSize(int algorithm, out nuint bytes);

    /// <summary>Times the algorithms, and overwrites the result.</summary>
    protected abstract CudnnStatus Find(
        ulong left, ulong right, ulong result, ulong workspace, nuint workspaceBytes, int requested, out int returned, CudnnAlgorithmPerformance* results);

    /// <summary>Computes the pass.</summary>
    protected abstract CudnnStatus Run(
        int algorithm, ulong left, ulong right, ulong result, ulong workspace, nuint workspaceBytes, float* alpha, float* beta);

    private (CudnnChoice Choice, CudnnAlgorithmPerformance[] Timed) Choose(ulong left, ulong right)
    {
        _backend.Context.RequireDoing("has a convolution of a shape that was not met before");
        long most = Math.Clamp((_backend.Memory.Limit ?? 0) / MemoryShare, LeastOfMostWorkspace, MostOfMostWorkspace);
        nuint bytes = 0;
        for (int algorithm = 0; algorithm < Algorithms; algorithm++)
        {
            if (WorkspaceSize(algorithm, out nuint size) == CudnnStatus.Success && size <= (nuint)most)
            {
                bytes = Math.Max(bytes, size);
            }
        }

        // Into memory of their own: the result may hold what is to be added to.
        using Tensor result = _backend.Scratch([checked((int)_resultCount)]);
        using Tensor? workspace = LargestWorkspace(ref bytes);
        CudnnAlgorithmPerformance* results = stackalloc CudnnAlgorithmPerformance[MostResults];
        CudnnStatus status = Find(
            left, right, CudaBackend.Address(result), workspace is null ? 0 : CudaBackend.Address(workspace), bytes, MostResults, out int found, results);
        if (status.IsRefusal())
        {
            return (CudnnChoice.Refused, []);
        }

        status.ThrowOnError($"the timing of {GetType().Name}");
        CudnnAlgorithmPerformance[] timed = new ReadOnlySpan<CudnnAlgorithmPerformance>(results, found).ToArray();
        CudnnAlgorithmPerformance[] usable =
        [
            .. timed.Where(performance => performance is { Status: CudnnStatus.Success, Determinism: CudnnDeterminism.Deterministic } && performance.Memory <= bytes),
        ];
        if (usable.Length == 0)
        {
            return (CudnnChoice.Refused, timed);
        }

        // cuDNN times the default math too, which is TF32 and not to be had at the highest precision: times of that are no guide.
        bool isHighest = _backend.Precision == MatmulPrecision.Highest;
        CudnnAlgorithmPerformance fastest = usable.MinBy(performance => (isHighest && performance.Math != WantedMath, performance.Time));
        CudnnMath math = isHighest ? WantedMath : fastest.Math;
        Cudnn.cudnnSetConvolutionMathType(Convolution, math).ThrowOnError();
        status = WorkspaceSize(fastest.Algorithm, out nuint needed);
        if (status.IsRefusal() || (status == CudnnStatus.Success && needed > bytes))
        {
            return (CudnnChoice.Refused, timed);
        }

        status.ThrowOnError($"the workspace of {GetType().Name}");
        return (new CudnnChoice(fastest.Algorithm, (long)Math.Max(fastest.Memory, needed), math), timed);
    }

    /// <summary>So many bytes to work in; null for none.</summary>
    protected Tensor? Workspace(long bytes) => bytes == 0 ? null : _backend.Scratch([checked((int)((bytes + sizeof(float) - 1) / sizeof(float)))]);

    // Where memory is short an algorithm that needs less is better than none.
    private Tensor? LargestWorkspace(ref nuint bytes)
    {
        while (true)
        {
            try
            {
                return Workspace((long)bytes);
            }
            catch (InsufficientMemoryException)
            {
                bytes /= 4;
            }
        }
    }

    /// <summary>A descriptor that is released with the pass.</summary>
    protected nint Images(int n, int c, int h, int w)
    {
        Cudnn.cudnnCreateTensorDescriptor(out nint descriptor).ThrowOnError();
        _descriptors.Add(new NativeHandle(descriptor, static value => Cudnn.cudnnDestroyTensorDescriptor(value)));
        Cudnn.cudnnSetTensor4dDescriptor(descriptor, CudnnFormat.Nchw, CudnnDataType.Float32, n, c, h, w).ThrowOnError();
        return descriptor;
    }

    /// <summary>The descriptor of no activation, released with the pass. With a bias cuDNN takes no other treatment of NaN than this.</summary>
    protected nint Identity()
    {
        Cudnn.cudnnCreateActivationDescriptor(out nint descriptor).ThrowOnError();
        _descriptors.Add(new NativeHandle(descriptor, static value => Cudnn.cudnnDestroyActivationDescriptor(value)));
        Cudnn.cudnnSetActivationDescriptor(descriptor, CudnnActivation.Identity, nanPropagation: 0, coefficient: 0).ThrowOnError();
        return descriptor;
    }

    private nint Filters(in ConvolutionGeometry geometry)
    {
        Cudnn.cudnnCreateFilterDescriptor(out nint descriptor).ThrowOnError();
        _descriptors.Add(new NativeHandle(descriptor, static value => Cudnn.cudnnDestroyFilterDescriptor(value)));
        Cudnn.cudnnSetFilter4dDescriptor(
            descriptor, CudnnDataType.Float32, CudnnFormat.Nchw,
            geometry.OutputChannels, geometry.InputChannels, geometry.KernelHeight, geometry.KernelWidth).ThrowOnError();
        return descriptor;
    }

    private nint Window(in ConvolutionGeometry geometry)
    {
        Cudnn.cudnnCreateConvolutionDescriptor(out nint descriptor).ThrowOnError();
        _descriptors.Add(new NativeHandle(descriptor, static value => Cudnn.cudnnDestroyConvolutionDescriptor(value)));
        Cudnn.cudnnSetConvolution2dDescriptor(
            descriptor, geometry.PaddingY, geometry.PaddingX, geometry.StrideY, geometry.StrideX, 1, 1,
            CudnnConvolutionMode.CrossCorrelation, CudnnDataType.Float32).ThrowOnError();
        return descriptor;
    }
}
