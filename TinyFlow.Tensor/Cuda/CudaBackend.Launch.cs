using TinyFlow.Cuda;
using TinyFlow.Cuda.Native;

namespace TinyFlow;

public sealed unsafe partial class CudaBackend
{
    /// <summary>
    /// Puts a kernel on the stream. Every kernel takes one struct by value, which <typeparamref name="TArguments"/>
    /// mirrors: the same fields in the same order.
    /// </summary>
    internal void Launch<TArguments>(string kernel, LaunchGrid grid, in TArguments arguments) where TArguments : unmanaged
    {
        if (grid.BlockCount == 0)
        {
            return;
        }

        _context.MakeCurrent();
        nint function = _modules.Function(kernel);
        fixed (TArguments* first = &arguments)
        {
            void* parameter = first;
            DriverResult result = Driver.cuLaunchKernel(function, grid.BlockCount, 1, 1, grid.ThreadsEach, 1, 1, 0, _context.Stream, &parameter, null);
            if (result != DriverResult.Success)
            {
                // Only now, because a launch makes no garbage.
                result.ThrowOnError($"cuLaunchKernel of {kernel}");
            }
        }
    }
}
