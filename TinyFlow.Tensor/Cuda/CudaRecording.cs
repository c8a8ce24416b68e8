using TinyFlow.Cuda.Native;
using TinyFlow.Memory;

namespace TinyFlow.Cuda;

/// <summary>Work as a graph on the device: repeating it is one call.</summary>
internal sealed class CudaRecording : IRecording
{
    private readonly CudaContext _context;
    private readonly NativeHandle _executable;
    private readonly PoolReserve _reserve;

    /// <summary>Takes over a graph that can be launched, and the memory that it works in.</summary>
    public CudaRecording(CudaContext context, nint executable, PoolReserve reserve)
    {
        _context = context;
        _executable = new NativeHandle(executable, static value => Driver.cuGraphExecDestroy(value));
        _reserve = reserve;
    }

    /// <inheritdoc/>
    public void Replay()
    {
        _context.MakeCurrent();
        Driver.cuGraphLaunch(_executable.Value, _context.Stream).ThrowOnError();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A launch that is still on its way keeps the graph, and what uses the memory next comes behind it on the stream.
        _context.MakeCurrentIfPossible();
        _executable.Dispose();
        _reserve.Dispose();
    }
}
