using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda.Convolutions;

/// <summary>
/// Convolutions by cuDNN. For each shape and pass its algorithms are timed once, on the first call; the fastest is used
/// from then on among those that sum in a fixed order, so that results are the same in every run on one machine.
/// </summary>
internal sealed class CudnnConvolutions : IConvolutions
{
    private readonly CudaBackend _backend;
    private readonly IConvolutions _fallback;
    private readonly NativeHandle _handle;
    private readonly Dictionary<(ConvolutionGeometry Geometry, Type Pass), CudnnPass> _passes = [];

    private CudnnConvolutions(CudaBackend backend)
    {
        _backend = backend;
        _fallback = new UnfoldedConvolutions(backend, "cuDNN has no way to do it");
        _handle = CudnnLibrary.Open(backend.Context);
    }

    /// <inheritdoc/>
    public string Description => $"cuDNN {Version(Cudnn.cudnnGetVersion())}";

    /// <summary>Opens cuDNN, or gives convolutions by matrix products, with the reason, where that is not possible.</summary>
    /// <param name="backend">Whose tensors are convolved.</param>
    /// <param name="library">What was found of cuDNN.</param>
    public static IConvolutions Open(CudaBackend backend, FoundLibrary library) =>
        CudnnLibrary.Obstacle(library) is { } obstacle ? new UnfoldedConvolutions(backend, obstacle) : new CudnnConvolutions(backend);

    /// <inheritdoc/>
    public void Forward(in ConvolutionGeometry geometry, ulong x, ulong weight, ulong bias, ulong y)
    {
        CudnnForward pass = Pass(geometry, static (backend, handle, geometry) => new CudnnForward(backend, handle, geometry));
        if (bias != 0 && pass.TryRunWithBias(x, weight, bias, y))
        {
            return;
        }

        if (!pass.TryRun(x, weight, y, adds: false))
        {
            _fallback.Forward(geometry, x, weight, bias, y);
        }
        else if (bias != 0)
        {
            _backend.AddBias(geometry, bias, y);
        }
    }

    /// <inheritdoc/>
    public void InputGradient(in ConvolutionGeometry geometry, ulong dy, ulong weight, ulong dx, bool adds)
    {
        if (!Pass(geometry, static (backend, handle, geometry) => new CudnnInputGradient(backend, handle, geometry)).TryRun(weight, dy, dx, adds))
        {
            _fallback.InputGradient(geometry, dy, weight, dx, adds);
        }
    }

    /// <inheritdoc/>
    public void WeightGradient(in ConvolutionGeometry geometry, ulong x, ulong dy, ulong dweight, bool adds)
    {
        if (!Pass(geometry, static (backend, handle, geometry) => new CudnnWeightGradient(backend, handle, geometry)).TryRun(x, dy, dweight, adds))
        {
            _fallback.WeightGradient(geometry, x, dy, dweight, adds);
        }
    }

    public void Dispose()
    {
        _backend.Context.MakeCurrentIfPossible();
        foreach (CudnnPass pass in _passes.Values)
        {
            pass.Dispose();
        }

        _handle.Dispose();
        _fallback.Dispose();
    }

    private TPass Pass<TPass>(in ConvolutionGeometry geometry, Func<CudaBackend, NativeHandle, ConvolutionGeometry, TPass> create) where TPass : CudnnPass
    {
        _backend.Context.MakeCurrent();
        if (!_passes.TryGetValue((geometry, typeof(TPass)), out CudnnPass? pass))
        {
            pass = create(_backend, _handle, geometry);
            _passes.Add((geometry, typeof(TPass)), pass);
        }

        return (TPass)pass;
    }

    // 91300 is 9.13.0.
    private static string Version(nuint version) => $"{version / 10000}.{version / 100 % 100}.{version % 100}";
}
