using TinyFlow.Cuda;

namespace TinyFlow.Tests.Cuda;

[TestClass]
[DoNotParallelize]
public sealed class CudaInventoryTests
{
    [TestMethod]
    public void Devices_and_libraries_are_described()
    {
        using StandinControl control = new();
        control.Set("devices", 2);
        control.Set("memory_bytes", 5L << 30);
        control.Set("compute_capability", 86);
        CudaInventory inventory = CudaInventory.Take();
        Assert.IsNull(inventory.Problem);
        Assert.HasCount(2, inventory.Devices);
        Assert.AreEqual(new CudaDevice(1, "TinyFlow stand-in 1 (CPU emulator)", 5L << 30, new Version(8, 6), 16), inventory.Devices[1]);
        CudaLibrary driver = inventory.Libraries[0], cudnn = inventory.Libraries.Single(library => library.Title == "cuDNN 9");
        Assert.AreEqual(new CudaLibrary("the NVIDIA driver", Standin.File, new Version(13, 0), null), driver);
        Assert.AreEqual(new CudaLibrary("cuDNN 9", Standin.File, new Version(9, 13, 0), null), cudnn);
        Assert.IsTrue(inventory.Libraries.All(library => library.Problem is not null || library.Title == "NVRTC" || library.Version is not null));
    }

    [TestMethod]
    public void What_keeps_GPUs_from_being_used_is_said_once()
    {
        using StandinControl control = new();
        control.Set("devices", 0);
        CudaInventory inventory = CudaInventory.Take();
        Assert.IsEmpty(inventory.Devices);
        Assert.HasCount(1, inventory.Libraries);
        Assert.Contains("CUDA_VISIBLE_DEVICES", inventory.Problem!);
    }

    [TestMethod]
    public void A_library_of_another_version_has_a_problem_and_no_version()
    {
        using StandinControl control = new();
        control.Set("cudnn_version", 8907);
        CudaLibrary cudnn = CudaInventory.Take().Libraries.Single(library => library.Title == "cuDNN 9");
        Assert.IsNull(cudnn.Version);
        Assert.Contains("is cuDNN 8907; version 9 is needed", cudnn.Problem!);
    }
}
