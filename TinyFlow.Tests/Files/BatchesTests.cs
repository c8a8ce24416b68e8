using TinyFlow.Nvp.Data;

namespace TinyFlow.Tests.Files;

[TestClass]
public sealed class BatchesTests
{
    [TestMethod]
    [DataRow(7UL, 0, new[] { 9, 2, 6, 7, 4, 0, 8, 1, 3, 5 })]
    [DataRow(7UL, 1, new[] { 3, 8, 4, 0, 7, 5, 9, 2, 6, 1 })]
    [DataRow((5UL << 32) | 7, 0, new[] { 8, 2, 7, 5, 0, 6, 4, 9, 1, 3 })]
    public void The_order_is_the_one_that_an_independent_program_computes(ulong seed, int epoch, int[] expected) =>
        CollectionAssert.AreEqual(expected, new Batches(10, 10, seed).Indices(epoch, 0).ToArray());

    [TestMethod]
    [DataRow(10, 3)]
    [DataRow(10, 5)]
    [DataRow(10, 10)]
    [DataRow(1, 1)]
    [DataRow(1667, 64)]
    public void An_epoch_has_every_image_once_and_its_last_batch_may_be_smaller(int count, int size)
    {
        Batches batches = new(count, size, seed: 1);
        List<int> seen = [];
        for (int batch = 0; batch < batches.BatchesPerEpoch; batch++)
        {
            int[] indices = batches.Indices(2, batch).ToArray();
            Assert.HasCount(batch < batches.BatchesPerEpoch - 1 || count % size == 0 ? size : count % size, indices);
            seen.AddRange(indices);
        }

        CollectionAssert.AreEqual(Enumerable.Range(0, count).ToArray(), seen.Order().ToArray());
    }

    [TestMethod]
    public void A_resumed_run_sees_the_order_that_it_would_have_seen()
    {
        Batches whole = new(100, 8, seed: 5);
        for (int epoch = 0; epoch < 3; epoch++)
        {
            whole.Indices(epoch, 0);
        }

        CollectionAssert.AreEqual(whole.Indices(3, 4).ToArray(), new Batches(100, 8, seed: 5).Indices(3, 4).ToArray());
    }

    [TestMethod]
    public void Every_place_is_as_likely_for_every_image()
    {
        const int Count = 6, Epochs = 6000;
        Batches batches = new(Count, Count, seed: 11);
        int[,] hits = new int[Count, Count];
        for (int epoch = 0; epoch < Epochs; epoch++)
        {
            ReadOnlySpan<int> order = batches.Indices(epoch, 0);
            for (int place = 0; place < Count; place++)
            {
                hits[order[place], place]++;
            }
        }

        // 1000 are expected in each of 36 cells with a standard deviation of 29: five of these are never reached by chance.
        foreach (int hit in hits)
        {
            Assert.AreEqual(Epochs / Count, hit, 145);
        }
    }

    [TestMethod]
    public void A_step_allocates_nothing()
    {
        Batches batches = new(1000, 64, seed: 1);
        batches.Indices(0, 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int epoch = 1; epoch < 4; epoch++)
        {
            for (int batch = 0; batch < batches.BatchesPerEpoch; batch++)
            {
                batches.Indices(epoch, batch);
            }
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(-1)]
    [DataRow(11)]
    public void A_batch_size_that_does_not_fit_is_refused_with_what_would(int size) =>
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new Batches(10, size, 1)).Message,
            $"A batch size of {size} does not fit 10 images; it must be from 1 to 10.");
}
