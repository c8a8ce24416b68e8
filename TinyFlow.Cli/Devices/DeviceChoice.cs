using System.Globalization;
using TinyFlow.Cuda;

namespace TinyFlow.Cli.Devices;

/// <summary>Opens the device that a user asked for, and says on standard error which it is.</summary>
internal static class DeviceChoice
{
    /// <summary>The backend to compute with; the caller disposes it.</summary>
    /// <exception cref="UsageException">The user asked for a GPU that cannot be used.</exception>
    public static IBackend Open(DeviceRequest request)
    {
        string? because = null;
        IBackend backend = DeviceNames.GpuNumber(request.Device) is { } number ? Gpu(number, request)
            : request.Device == DeviceNames.Reference ? new ReferenceBackend()
            : request.Device == DeviceNames.Auto && Best(request, out because) is { } gpu ? gpu
            : new CpuBackend(request.Threads);
        try
        {
            Console.Error.WriteLine($"Device: {Describe(backend)}{(because is null ? "." : $"; the GPU is not used: {because}")}");
            return backend;
        }
        catch
        {
            backend.Dispose();
            throw;
        }
    }

    /// <summary>What computes, and with which numbers, in a line.</summary>
    public static string Describe(IBackend backend) => backend switch
    {
        CpuBackend cpu => string.Create(CultureInfo.InvariantCulture, $"{cpu.Name}, {Words.Count(cpu.Threads, "thread")}"),
        CudaBackend cuda => $"{cuda.Name}, {cuda.DeviceName}, products in {Products(cuda)}, convolutions by {cuda.ConvolutionMethod.TrimEnd('.')}",
        _ => backend.Name,
    };

    /// <summary>The numbers that matrix products and convolutions multiply.</summary>
    public static string Products(IBackend backend) => backend switch
    {
        CudaBackend { Precision: MatmulPrecision.High } => "tf32",
        { ElementSize: sizeof(double) } => "float64",
        _ => "float32",
    };

    /// <summary>That work of a backend which can record it was not recorded, in a sentence.</summary>
    public static string NotRecorded(string what, string reason) =>
        $"{what} are done call by call, which is slower than recorded ones and gives the same results: {reason}";

    private static CudaBackend Gpu(int number, DeviceRequest request)
    {
        string? obstacle = CudaInventory.Obstacle(number);
        return obstacle is null
            ? new CudaBackend(number, request.Precision)
            : throw new UsageException($"--device {request.Device}: {obstacle} 'tinyflow devices' tells what is there; --device cpu computes without a GPU.");
    }

    // The first GPU, if it can be used. Where no driver is, there is nothing to say about it.
    private static CudaBackend? Best(DeviceRequest request, out string? because)
    {
        because = null;
        if (!CudaInventory.HasDriver)
        {
            return null;
        }

        because = CudaInventory.Obstacle(0);
        if (because is not null)
        {
            return null;
        }

        try
        {
            return new CudaBackend(0, request.Precision);
        }
        catch (CudaException exception)
        {
            // Another program may have it for itself, or all of its memory.
            because = exception.Message;
            return null;
        }
    }
}
