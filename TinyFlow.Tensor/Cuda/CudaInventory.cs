using System.Runtime.InteropServices;
using TinyFlow.Cuda.Native;

namespace TinyFlow.Cuda;

/// <summary>What this machine has for <see cref="CudaBackend"/>: GPUs and libraries, where they were found, and what is missing.</summary>
/// <param name="Devices">The GPUs that are visible; none if <paramref name="Problem"/> says why.</param>
/// <param name="Libraries">NVIDIA's libraries, the driver first. Without a driver the others are not looked for.</param>
/// <param name="Problem">Why no GPU can be used, and what to do; null if one can.</param>
public sealed unsafe record CudaInventory(IReadOnlyList<CudaDevice> Devices, IReadOnlyList<CudaLibrary> Libraries, string? Problem)
{
    private const int NameBytes = 256;

    // What the kernels are compiled for: native/build-ptx.sh.
    private static readonly Version OldestCapability = new(7, 5);

    /// <summary>Whether this machine has the NVIDIA driver, of whatever version. Looks for no other library.</summary>
    public static bool HasDriver => NativeLibraries.Find(NativeLibraries.Driver).IsFound;

    /// <summary>Looks at the machine. It opens no device, and fails never: what is wrong is in the result.</summary>
    public static CudaInventory Take()
    {
        try
        {
            NativeLibraries.RequireDriver();
            Driver.cuInit(0).ThrowOnError();
            Driver.cuDeviceGetCount(out int count).ThrowOnError();
            return new CudaInventory([.. Enumerable.Range(0, count).Select(Describe)], [.. NativeLibraries.All.Select(Describe)], null);
        }
        catch (Exception exception) when (exception is CudaUnavailableException or CudaException)
        {
            return new CudaInventory([], [Describe(NativeLibraries.All[0])], exception.Message);
        }
    }

    /// <summary>
    /// Why a GPU cannot be used by <see cref="CudaBackend"/>, and what to do; null if it can. Looks at the driver, the GPU and
    /// cuBLAS, which nothing computes without, and opens no device.
    /// </summary>
    /// <param name="device">Its number among the visible ones.</param>
    public static string? Obstacle(int device)
    {
        try
        {
            NativeLibraries.RequireDriver();
            Driver.cuInit(0).ThrowOnError();
            Driver.cuDeviceGetCount(out int count).ThrowOnError();
            if ((uint)device >= (uint)count)
            {
                return CudaContext.NoSuchDevice(device, count);
            }

            CudaDevice found = Describe(device);
            if (found.ComputeCapability < OldestCapability)
            {
                return $"GPU number {device}, {found.Name}, has compute capability {found.ComputeCapability}; {OldestCapability} or later is needed, which is Turing (2018) and all that came after.";
            }

            NativeLibraries.Require(NativeLibraries.Cublas);
            return null;
        }
        catch (Exception exception) when (exception is CudaUnavailableException or CudaException)
        {
            return exception.Message;
        }
    }

    /// <summary>
    /// The bytes that are free on a GPU now; null if it cannot be opened. Opening takes it a while and some memory of its own,
    /// which is not counted as free.
    /// </summary>
    /// <param name="device">Its number among the visible ones.</param>
    public static long? FreeMemory(int device)
    {
        try
        {
            using CudaContext context = new(device);
            Driver.cuMemGetInfo_v2(out nuint free, out _).ThrowOnError();
            return (long)free;
        }
        catch (Exception exception) when (exception is CudaUnavailableException or CudaException)
        {
            return null;
        }
    }

    /// <summary>A GPU as the driver describes it, without opening it.</summary>
    /// <param name="number">Its number among the visible ones.</param>
    /// <exception cref="CudaException">The driver refuses.</exception>
    internal static CudaDevice Describe(int number)
    {
        Driver.cuDeviceGet(out int device, number).ThrowOnError();
        byte* name = stackalloc byte[NameBytes];
        Driver.cuDeviceGetName(name, NameBytes, device).ThrowOnError();
        Driver.cuDeviceTotalMem_v2(out nuint bytes, device).ThrowOnError();
        int Attribute(DeviceAttribute attribute)
        {
            Driver.cuDeviceGetAttribute(out int value, attribute, device).ThrowOnError();
            return value;
        }

        Version capability = new(Attribute(DeviceAttribute.ComputeCapabilityMajor), Attribute(DeviceAttribute.ComputeCapabilityMinor));
        return new CudaDevice(number, Marshal.PtrToStringUTF8((nint)name) ?? "", (long)bytes, capability, Attribute(DeviceAttribute.MultiprocessorCount));
    }

    private static CudaLibrary Describe(LibrarySpec library)
    {
        FoundLibrary found = NativeLibraries.Find(library.Import);
        string? problem = library.Import == NativeLibraries.Cudnn ? CudnnLibrary.Obstacle(found) : NativeLibraries.Obstacle(found, library.Functions);
        return new CudaLibrary(library.Title, found.File, problem is null ? VersionOf(library.Import) : null, problem);
    }

    // Each counts in its own way.
    private static Version? VersionOf(string import)
    {
        switch (import)
        {
            case NativeLibraries.Driver:
                int driver = NativeLibraries.DriverVersion();
                return new Version(driver / 1000, driver % 1000 / 10);
            case NativeLibraries.Cublas:
                // A handle would open a device.
                return Cublas.cublasGetVersion_v2(0, out int cublas) == CublasStatus.Success ? ByHundreds(cublas) : null;
            case NativeLibraries.Cudnn:
                return ByHundreds((int)Cudnn.cudnnGetVersion());
            case NativeLibraries.Nccl:
                return Nccl.ncclGetVersion(out int nccl) == NcclResult.Success ? ByHundreds(nccl) : null;
            default:
                return null;
        }
    }

    // 91300 is 9.13.0.
    private static Version ByHundreds(int version) => new(version / 10000, version / 100 % 100, version % 100);
}
