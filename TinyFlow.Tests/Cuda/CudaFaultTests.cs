using TinyFlow.Cuda;
using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Cuda;

/// <summary>What goes wrong on real machines: each is a sentence that helps, and nothing is left behind.</summary>
[TestClass]
[DoNotParallelize]
public sealed class CudaFaultTests
{
    private const int OutOfMemory = 2, InvalidPtx = 218, LaunchFailed = 719;

    [TestMethod]
    public void Memory_that_lies_unused_is_given_back_before_there_is_too_little() => WithStandin((control, backend) =>
    {
        backend.Allocate([1000]).Dispose();
        control.ResetCounts();
        control.Fail("cuMemAlloc_v2", 1, OutOfMemory);
        using Tensor x = backend.Allocate([2000]);
        Assert.AreEqual(1, control.Count("frees"));
        Assert.AreEqual(2, control.Count("cuMemAlloc_v2"));
    });

    [TestMethod]
    public void Too_little_memory_is_the_same_error_as_on_the_CPU() => WithStandin((control, backend) =>
    {
        control.Fail("cuMemAlloc_v2", 0, OutOfMemory);
        OnReference.Throws<InsufficientMemoryException>(() => backend.Allocate([1 << 20], "the activations"),
            "Not enough memory for the activations [1048576]", "4 MB more are needed", "smaller batch");
        using CpuBackend cpu = new(memoryLimit: 1 << 20);
        OnReference.Throws<InsufficientMemoryException>(() => cpu.Zeros([1 << 20]), "Not enough memory", "4 MB more are needed", "smaller batch");
    });

    [TestMethod]
    public void A_full_device_serves_again_when_memory_has_come_back() => WithStandin((control, backend) =>
    {
        control.Set("memory_bytes", 6 << 20);
        using (backend.Allocate([1 << 20]))
        {
            Assert.ThrowsExactly<InsufficientMemoryException>(() => backend.Allocate([1 << 20]));
        }

        // Of another size: what is kept has to go first.
        backend.Allocate([5 << 18]).Dispose();
    });

    [TestMethod]
    public void A_lost_device_says_so_and_leaves_nothing() => WithStandin((control, backend) =>
    {
        using Tensor x = backend.Ones([10]), y = backend.Allocate([10]);
        control.Fail("kernel", 1, LaunchFailed);
        backend.ScaleShift(x, 2, 1, y);
        OnReference.Throws<CudaException>(() => y.ToArray(), "cuStreamSynchronize", "CUDA_ERROR_LAUNCH_FAILED (719)", "start the program again");
        OnReference.Throws<CudaException>(() => backend.ScaleShift(x, 2, 1, y), "(719)");
    });

    [TestMethod]
    public void A_kernel_that_the_driver_does_not_take_is_named() => WithStandin((control, backend) =>
    {
        using Tensor x = backend.Ones([10]), y = backend.Allocate([10]);
        control.Fail("cuModuleLoadDataEx", 1, InvalidPtx);
        OnReference.Throws<CudaException>(() => backend.ScaleShift(x, 2, 1, y), "cuModuleLoadDataEx of ", ".ptx failed: CUDA_ERROR_INVALID_PTX (218)");
        backend.ScaleShift(x, 2, 1, y);
        Assert.AreEqual(3, y[9]);
    });

    [TestMethod]
    [DataRow("cuDevicePrimaryCtxRetain")]
    [DataRow("cuCtxSetCurrent")]
    [DataRow("cuStreamCreate")]
    [DataRow("cuMemGetInfo_v2")]
    public void What_fails_while_a_device_is_opened_leaves_nothing(string call)
    {
        using StandinControl control = new();
        control.Fail(call, 1, OutOfMemory);
        OnReference.Throws<CudaException>(() => Open(), $"{call} failed: CUDA_ERROR_OUT_OF_MEMORY (2)");
        Assert.AreEqual("", control.Leaks());
    }

    [TestMethod]
    [DataRow("cuMemAllocHost_v2")]
    [DataRow("cuEventCreate")]
    [DataRow("cuMemcpyHtoDAsync_v2")]
    public void A_transfer_that_fails_can_be_done_again(string call) => WithStandin((control, backend) =>
    {
        using Tensor x = backend.Allocate([2]);
        control.Fail(call, 1, OutOfMemory);
        OnReference.Throws<CudaException>(() => backend.Write((float[])[1, 2], x), $"{call} failed");
        backend.Write((float[])[3, 4], x);
        CollectionAssert.AreEqual((double[])[3, 4], x.ToDoubles());
    });

    [TestMethod]
    public void An_old_driver_is_refused()
    {
        using StandinControl control = new();
        control.Set("driver_version", 11040);
        OnReference.Throws<CudaUnavailableException>(() => Open(), "knows CUDA 11.4 at most", "12.0 or later", "newer driver");
    }

    [TestMethod]
    public void A_machine_without_a_visible_GPU_says_where_to_look()
    {
        using StandinControl control = new();
        control.Set("devices", 0);
        OnReference.Throws<CudaException>(() => Open(), "CUDA_ERROR_NO_DEVICE (100)", "CUDA_VISIBLE_DEVICES", "--gpus all");
    }

    [TestMethod]
    public void A_device_that_is_not_there_is_refused()
    {
        using StandinControl control = new();
        control.Set("devices", 2);
        OnReference.Throws<CudaUnavailableException>(() => Open(device: 2), "no GPU number 2", "2 are visible");
        using CudaBackend second = new(device: 1);
        Assert.AreEqual("cuda:1", second.Name);
        using Tensor x = second.Ones([3]);
        Assert.AreEqual(1, x[2]);
    }

    [TestMethod]
    public void What_a_backend_takes_it_gives_back()
    {
        using StandinControl control = new();
        using (CudaBackend backend = new(poison: true))
        {
            using Tensor x = backend.Ones([100]), y = backend.Allocate([100]);
            backend.ScaleShift(x, 2, 1, y);
            Assert.AreEqual(3, y[99]);
            Assert.AreNotEqual("", control.Leaks());
        }

        Assert.AreEqual("", control.Leaks());
    }

    private static void Open(int device = 0)
    {
        using CudaBackend backend = new(device);
    }

    private static void WithStandin(Action<StandinControl, CudaBackend> test)
    {
        using StandinControl control = new();
        using (CudaBackend backend = new())
        {
            test(control, backend);
        }

        Assert.AreEqual("", control.Leaks());
    }
}
