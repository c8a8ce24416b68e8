using TinyFlow.Cuda;
using TinyFlow.Cuda.Native;
using TinyFlow.Memory;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend : IRecorder
{
    /// <summary>How many kernels and copies the work had that was recorded last; 0 before.</summary>
    internal long RecordedNodes { get; private set; }

    /// <inheritdoc/>
    /// <remarks>
    /// The work has to be done twice at least before, in the same shapes, so that kernels are loaded, algorithms chosen and
    /// all memory is in the pool: the device does none of this while it records.
    /// </remarks>
    public IRecording Record(Action work)
    {
        _context.MakeCurrent();
        PoolReserve reserve = _pool.OpenReserve();
        try
        {
            nint graph = Capture(work);
            try
            {
                nuint nodes = 0;
                Driver.cuGraphGetNodes(graph, null, ref nodes).ThrowOnError();
                RecordedNodes = (long)nodes;
                Driver.cuGraphInstantiateWithFlags(out nint executable, graph, 0).ThrowOnError();
                return new CudaRecording(_context, executable, reserve);
            }
            finally
            {
                Driver.cuGraphDestroy(graph);
            }
        }
        catch (Exception exception)
        {
            reserve.Dispose();
            if (exception is CudaException)
            {
                // The work has been done before, so that it was recorded is why it failed: a library says so by an error of its own. A
                // device that is lost fails again without.
                throw new NotSupportedException($"Backend '{Name}' cannot record this work: {exception.Message}", exception);
            }

            throw;
        }
        finally
        {
            _pool.CloseReserve();
        }
    }

    private nint Capture(Action work)
    {
        Driver.cuStreamBeginCapture_v2(_context.Stream, CaptureMode.ThreadLocal).ThrowOnError();
        _context.IsRecording = true;
        bool finished = false;
        DriverResult result;
        nint graph;
        try
        {
            work();
            finished = true;
        }
        finally
        {
            _context.IsRecording = false;
            result = Driver.cuStreamEndCapture(_context.Stream, out graph);
            if (!finished && result == DriverResult.Success)
            {
                Driver.cuGraphDestroy(graph);
            }
        }

        result.ThrowOnError("cuStreamEndCapture");
        return graph;
    }
}
