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
