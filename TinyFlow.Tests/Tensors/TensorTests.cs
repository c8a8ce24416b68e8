using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Tensors;

[TestClass]
public sealed class TensorTests
{
    [TestMethod]
    public void Elements_are_found_by_their_indices() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Create([2, 3], [0.0, 1, 2, 3, 4, 5]);
        Assert.AreEqual(5, x[1, 2]);
        Assert.AreEqual(3, x[1, 0]);
        Assert.AreEqual(2, x[0, -1]);
    });

    [TestMethod]
    public void An_index_outside_its_axis_is_named() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Zeros([2, 3]);
        OnReference.Throws<ArgumentOutOfRangeException>(() => _ = x[1, 3], "3 lies outside axis 1", "[2, 3]", "-3 to 2");
        OnReference.Throws<ArgumentOutOfRangeException>(() => _ = x[-3, 0], "-3 lies outside axis 0", "[2, 3]");
    });

    [TestMethod]
    public void Too_few_indices_are_refused() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Zeros([2, 3]);
        OnReference.Throws<ArgumentException>(() => _ = x[1], "1 indices", "[2, 3]", "exactly 2");
    });

    [TestMethod]
    public void Item_reads_one_element_of_any_rank() => OnReference.Run(backend =>
    {
        using Tensor scalar = backend.Scalar(2.5), cube = backend.Full([1, 1, 1], -1);
        Assert.AreEqual(2.5, scalar.Item());
        Assert.AreEqual(-1, cube.Item());
    });

    [TestMethod]
    public void Item_of_many_elements_is_refused_with_advice() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Zeros([2, 3]);
        OnReference.Throws<InvalidOperationException>(() => x.Item(), "[2, 3]", "6 elements", "ToArray");
    });

    [TestMethod]
    public void Values_come_and_go_in_both_precisions() => OnReference.Run(backend =>
    {
        using Tensor single = backend.Create([2], (float[])[0.1f, float.NegativeInfinity]), twice = backend.Create([2], [0.1, double.NaN]);
        CollectionAssert.AreEqual((float[])[0.1f, float.NegativeInfinity], single.ToArray());
        CollectionAssert.AreEqual((double[])[0.1f, double.NegativeInfinity], single.ToDoubles());
        CollectionAssert.AreEqual((double[])[0.1, double.NaN], twice.ToDoubles());
        CollectionAssert.AreEqual((float[])[0.1f, float.NaN], twice.ToArray());
    });

    [TestMethod]
    public void Creation_counts_the_values() => OnReference.Run(backend =>
    {
        OnReference.Throws<ArgumentException>(() => backend.Create([2, 3], [1.0, 2.0]), "[2, 3]", "needs 6", "2 are given");
        OnReference.Throws<ArgumentException>(() => backend.Create([2, 3], (float[])[1, 2]), "[2, 3]", "needs 6", "2 are given");
    });

    [TestMethod]
    public void Constants_fill_every_place() => OnReference.Run(backend =>
    {
        using Tensor zeros = backend.Zeros([3]), ones = backend.Ones([2, 2]);
        CollectionAssert.AreEqual((double[])[0, 0, 0], zeros.ToDoubles());
        CollectionAssert.AreEqual((double[])[1, 1, 1, 1], ones.ToDoubles());
    });

    [TestMethod]
    public void A_reshape_shares_memory_and_outlives_its_source() => OnReference.Run(backend =>
    {
        Tensor x = backend.Create([2, 3], [0.0, 1, 2, 3, 4, 5]);
        using Tensor y = x.Reshape([3, 2]);
        Assert.AreSame(x.Storage, y.Storage);
        x.Dispose();
        Assert.AreEqual(4, y[2, 0]);
    });

    [TestMethod]
    public void A_reshape_to_another_count_is_refused() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Zeros([2, 3]);
        OnReference.Throws<ArgumentException>(() => x.Reshape([4, 2]), "Reshape", "[2, 3] has 6", "[4, 2] has 8");
    });

    [TestMethod]
    public void A_section_starts_where_it_is_told_also_within_a_section() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Create([8], [0.0, 1, 2, 3, 4, 5, 6, 7]), part = x.Section(2, [2, 2]), inner = part.Section(1, [2]);
        CollectionAssert.AreEqual((double[])[2, 3, 4, 5], part.ToDoubles());
        CollectionAssert.AreEqual((double[])[3, 4], inner.ToDoubles());
        backend.Fill(inner, 9);
        CollectionAssert.AreEqual((double[])[0, 1, 2, 9, 9, 5, 6, 7], x.ToDoubles());
    });

    [TestMethod]
    [DataRow(-1)]
    [DataRow(5)]
    public void A_section_beyond_the_tensor_is_refused(int start) => OnReference.Run(backend =>
    {
        using Tensor x = backend.Zeros([8]);
        OnReference.Throws<ArgumentOutOfRangeException>(() => x.Section(start, [2, 2]), "Section", "[2, 2]", $"element {start}", "[8]", "8 elements");
    });

    [TestMethod]
    public void A_released_tensor_says_what_to_do() => OnReference.Run(backend =>
    {
        Tensor x = backend.Zeros([2, 3]);
        x.Dispose();
        x.Dispose();
        Assert.IsTrue(x.IsDisposed);
        OnReference.Throws<ObjectDisposedException>(() => x.ToDoubles(), "[2, 3]", "after its release", "ToArray");
        OnReference.Throws<ObjectDisposedException>(() => x.Reshape([6]), "[2, 3]", "after its release");
        Assert.AreEqual("Tensor [2, 3], released", x.ToString());
    });

    [TestMethod]
    public void A_copy_crosses_backends() => OnReference.Run(backend =>
    {
        using ReferenceBackend other = new();
        using (Tensor x = backend.Create([2], [1.0 / 3, 2]))
        {
            using Tensor copy = other.CopyOf(x);
            Assert.AreSame(other, copy.Backend);
            CollectionAssert.AreEqual(x.ToDoubles(), copy.ToDoubles());
        }

        other.AssertNoLeaks();
    });

    [TestMethod]
    public void Empty_tensors_are_tensors() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Create([0, 3], ReadOnlySpan<double>.Empty);
        Assert.IsEmpty(x.ToDoubles());
    });
}
