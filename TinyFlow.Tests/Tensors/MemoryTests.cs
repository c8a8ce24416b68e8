using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Tensors;

[TestClass]
public sealed class MemoryTests
{
    [TestMethod]
    public void Leaks_are_found_by_name()
    {
        using ReferenceBackend backend = new();
        using Tensor named = backend.Allocate([2, 3], "the moments"), unnamed = backend.Allocate([4]);
        OnReference.Throws<InvalidOperationException>(backend.AssertNoLeaks, "2 tensors", "'reference'", "the moments [2, 3]", "a tensor of shape [4]", "Dispose");
    }

    [TestMethod]
    public void Shared_memory_is_alive_until_its_last_owner_goes()
    {
        using ReferenceBackend backend = new();
        Tensor x = backend.Zeros([2, 3]), view = x.Reshape([6]);
        x.Dispose();
        OnReference.Throws<InvalidOperationException>(backend.AssertNoLeaks, "1 tensors");
        view.Dispose();
        backend.AssertNoLeaks();
    }

    [TestMethod]
    public void A_limit_is_checked_before_memory_is_taken()
    {
        using ReferenceBackend backend = new(memoryLimit: 4 << 20);
        using (backend.Allocate([1 << 18], "the first half"))
        {
            OnReference.Throws<InsufficientMemoryException>(() => backend.Allocate([1 << 18], "the second half"),
                "the second half [262144]", "3 MB more", "3 MB are in use", "limit is 4 MB", "smaller batch");
        }

        backend.AssertNoLeaks();
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(long.MaxValue)]
    public void A_size_that_no_number_of_bytes_expresses_is_refused(long? limit)
    {
        using ReferenceBackend reference = new(memoryLimit: limit);
        using CpuBackend cpu = new(threads: 1, memoryLimit: limit);
        foreach (IBackend backend in (IBackend[])[reference, cpu])
        {
            OnReference.Throws<InsufficientMemoryException>(() => backend.Zeros([int.MaxValue, int.MaxValue]),
                "[2147483647, 2147483647]", "more than 8796093022208 MB more", "smaller batch");
            // Eight times as many bytes as elements are just countable here, their size class is not.
            OnReference.Throws<InsufficientMemoryException>(() => backend.Allocate([int.MaxValue, (1 << 29) - 1]), "[2147483647, 536870911]", "smaller batch");
            Assert.AreEqual(0, backend.Memory.Live);
            backend.AssertNoLeaks();
        }
    }

    [TestMethod]
    public void A_disposed_backend_keeps_no_memory_and_its_tensors_may_go_later()
    {
        ReferenceBackend reference = new();
        CpuBackend cpu = new(threads: 2);
        foreach (IBackend backend in (IBackend[])[reference, cpu])
        {
            using Tensor x = backend.Normal([2, 8, 3, 3], new NoiseKey(1, 1)), weight = backend.Ones([8, 8, 1, 1]), y = backend.Allocate(x.Shape);
            backend.Conv2D(x, weight, null, y, new ConvolutionWindow(1, 0));
            using Tensor view = y.Reshape([144]);
            backend.Dispose();
            Assert.AreEqual((0, 0), (backend.Memory.Live, backend.Memory.Reserved));
            foreach (Tensor tensor in (Tensor[])[x, y, view])
            {
                OnReference.Throws<ObjectDisposedException>(() => tensor.ToArray(), $"'{backend.Name}'", "was disposed", "[2, 8, 3, 3]", "last");
                tensor.Dispose();
            }

            backend.Dispose();
            Assert.AreEqual((0, 0), (backend.Memory.Live, backend.Memory.Reserved));
        }
    }

    [TestMethod]
    public void Memory_that_came_back_makes_room_for_another_size()
    {
        using ReferenceBackend backend = new(memoryLimit: 4 << 20);
        backend.Allocate([1 << 18]).Dispose();
        backend.Allocate([3 << 17]).Dispose();
        Assert.IsLessThanOrEqualTo(4L << 20, backend.Memory.Reserved);
    }

    [TestMethod]
    public void A_repeated_request_takes_nothing_from_the_system()
    {
        using ReferenceBackend backend = new();
        backend.Allocate([1000]).Dispose();
        long before = backend.Memory.SystemAllocations;
        for (int i = 0; i < 10; i++)
        {
            backend.Allocate([1000]).Dispose();
        }

        Assert.AreEqual(before, backend.Memory.SystemAllocations);
    }

    [TestMethod]
    public void Use_and_peak_are_counted()
    {
        using ReferenceBackend backend = new();
        backend.Allocate([1000]).Dispose();
        using Tensor x = backend.Allocate([100]);
        MemoryUse use = backend.Memory;
        Assert.IsInRange(800, 1200, use.Live);
        Assert.IsInRange(8000, 10000, use.Peak);
        Assert.IsGreaterThanOrEqualTo(use.Live, use.Reserved);
    }

    [TestMethod]
    public void Poisoned_memory_is_not_a_number_even_when_it_is_reused()
    {
        using ReferenceBackend backend = new(poison: true);
        backend.Full([8], 3).Dispose();
        using Tensor x = backend.Allocate([8]);
        Assert.IsTrue(x.ToDoubles().All(double.IsNaN));
    }

    [TestMethod]
    public void Memory_starts_on_cache_lines()
    {
        using ReferenceBackend backend = new();
        using Tensor x = backend.Allocate([3]), y = backend.Allocate([5]);
        foreach (Tensor tensor in (Tensor[])[x, y])
        {
            Assert.AreEqual(0, ((Memory.HostStorage<double>)tensor.Storage).Address % 64);
        }
    }
}
