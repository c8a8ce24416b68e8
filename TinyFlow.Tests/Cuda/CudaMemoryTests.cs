using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Cuda;

[TestClass]
public sealed class CudaMemoryTests
{
    // More than the ring of staging memory holds, and no multiple of its parts.
    private const int Many = 2_500_001;

    [TestMethod]
    public void Large_transfers_come_back_as_they_went()
    {
        using CudaBackend backend = Standin.Open();
        float[] values = [.. Enumerable.Range(0, Many).Select(i => i * 0.5f)];
        using Tensor single = backend.Create([Many], values), rounded = backend.Create([Many], Array.ConvertAll(values, value => (double)value));
        Assert.IsTrue(values.AsSpan().SequenceEqual(single.ToArray()), "float32");
        Assert.IsTrue(values.AsSpan().SequenceEqual(Array.ConvertAll(rounded.ToDoubles(), value => (float)value)), "float64");
    }

    [TestMethod]
    public void Writes_that_the_device_has_not_done_yet_are_not_overwritten()
    {
        using CudaBackend backend = Standin.Open();
        Tensor[] tensors = [.. Enumerable.Range(0, 50).Select(i => backend.Create([3], [(float)i, i + 0.5f, -i]))];
        for (int i = 0; i < tensors.Length; i++)
        {
            CollectionAssert.AreEqual((double[])[i, i + 0.5, -i], tensors[i].ToDoubles());
            tensors[i].Dispose();
        }
    }

    [TestMethod]
    public void Transfers_need_as_many_values_as_places()
    {
        using CudaBackend backend = Standin.Open();
        using Tensor x = backend.Zeros([2, 3]);
        OnReference.Throws<ArgumentException>(() => backend.Write((float[])[1, 2], x), "2 values", "6 places");
        OnReference.Throws<ArgumentException>(() => backend.Read(x, new double[7]), "6 values", "7 places");
    }

    [TestMethod]
    public void Sections_are_read_and_written_in_place()
    {
        using CudaBackend backend = Standin.Open();
        using Tensor x = backend.Create([2, 3], [1f, 2, 3, 4, 5, 6]), row = x.Section(3, [3]), first = x.Section(0, [1]);
        CollectionAssert.AreEqual((double[])[4, 5, 6], row.ToDoubles());
        backend.Write((float[])[7, 8, 9], row);
        backend.Fill(first, -1);
        CollectionAssert.AreEqual((double[])[-1, 2, 3, 7, 8, 9], x.ToDoubles());
    }

    [TestMethod]
    public void Poisoned_memory_is_not_a_number_even_when_it_is_reused()
    {
        using CudaBackend backend = Standin.Open(poison: true);
        backend.Full([8], 3).Dispose();
        using Tensor x = backend.Allocate([8]);
        Assert.IsTrue(x.ToDoubles().All(double.IsNaN));
    }

    [TestMethod]
    public void A_repeated_request_takes_nothing_from_the_device()
    {
        using CudaBackend backend = Standin.Open();
        backend.Allocate([1000]).Dispose();
        long before = backend.Memory.SystemAllocations;
        for (int i = 0; i < 10; i++)
        {
            backend.Allocate([1000]).Dispose();
        }

        Assert.AreEqual(before, backend.Memory.SystemAllocations);
    }

    [TestMethod]
    public void A_limit_is_checked_before_memory_is_taken()
    {
        using CudaBackend backend = Standin.Open(memoryLimit: 3 << 20);
        using (backend.Allocate([1 << 19], "the first half"))
        {
            OnReference.Throws<InsufficientMemoryException>(() => backend.Allocate([1 << 19], "the second half"),
                "the second half [524288]", "2 MB more", "2 MB are in use", "limit is 3 MB", "smaller batch");
        }

        backend.AssertNoLeaks();
        OnReference.Throws<InsufficientMemoryException>(() => backend.Allocate([int.MaxValue, int.MaxValue]), "more than 8796093022208 MB");
    }

    [TestMethod]
    public void Leaks_are_found_by_name()
    {
        using CudaBackend backend = Standin.Open();
        using Tensor named = backend.Allocate([2, 3], "the moments");
        OnReference.Throws<InvalidOperationException>(backend.AssertNoLeaks, "1 tensors", "'cuda:0'", "the moments [2, 3]", "Dispose");
    }

    [TestMethod]
    public void A_disposed_backend_keeps_no_memory_and_its_tensors_may_go_later()
    {
        CudaBackend backend = Standin.Open();
        using Tensor x = backend.Ones([2, 8]), view = x.Reshape([16]);
        backend.Dispose();
        Assert.AreEqual((0, 0), (backend.Memory.Live, backend.Memory.Reserved));
        OnReference.Throws<ObjectDisposedException>(() => view.ToArray(), "'cuda:0'", "was disposed", "[2, 8]", "last");
        x.Dispose();
        view.Dispose();
        backend.Dispose();
        Assert.AreEqual((0, 0), (backend.Memory.Live, backend.Memory.Reserved));
    }

    [TestMethod]
    public void A_backend_may_be_used_by_another_thread_than_the_one_that_opened_it()
    {
        using CudaBackend backend = Standin.Open();
        using Tensor x = backend.Ones([1000]);
        double sum = 0;
        Concurrently.Run(1, _ =>
        {
            using Tensor y = backend.Allocate([1]);
            backend.Sum(x, 2, y);
            sum = y.Item();
        });
        Assert.AreEqual(2000, sum);
        Assert.AreEqual(1, x[999]);
    }

    [TestMethod]
    public void Threads_with_backends_of_their_own_work_beside_each_other()
    {
        double[] sums = new double[4];
        Concurrently.Run(sums.Length, i =>
        {
            using CudaBackend backend = Standin.Open(poison: true);
            for (int round = 0; round < 10; round++)
            {
                using Tensor x = backend.Full([1000], i + round), sum = backend.Allocate([1]);
                backend.Sum(x, 1, sum);
                sums[i] += sum.Item();
            }
        });
        CollectionAssert.AreEqual((double[])[45_000, 55_000, 65_000, 75_000], sums);
    }
}
