using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Tensors;

[TestClass]
public sealed class ShapeTests
{
    [TestMethod]
    public void A_default_shape_is_that_of_a_scalar()
    {
        Shape shape = default;
        Assert.AreEqual(0, shape.Rank);
        Assert.AreEqual(1L, shape.Count);
        Assert.AreEqual("[]", shape.ToString());
        Assert.AreEqual(Shape.Create([]), shape);
    }

    [TestMethod]
    public void The_count_is_the_product_of_the_sizes()
    {
        Shape shape = [2, 3, 4];
        Assert.AreEqual(24L, shape.Count);
        Assert.AreEqual(0L, Shape.Create([5, 0]).Count);
        Assert.AreEqual(3, ((IReadOnlyList<int>)shape).Count);
    }

    [TestMethod]
    public void The_count_may_exceed_32_bits() => Assert.AreEqual(1L << 40, Shape.Create([1 << 20, 1 << 20]).Count);

    [TestMethod]
    public void Negative_axes_count_from_the_end()
    {
        Shape shape = [2, 3, 4];
        Assert.AreEqual(4, shape[-1]);
        Assert.AreEqual(2, shape[-3]);
    }

    [TestMethod]
    [DataRow(3)]
    [DataRow(-4)]
    public void An_axis_that_does_not_exist_is_named(int axis) =>
        OnReference.Throws<ArgumentOutOfRangeException>(() => _ = Shape.Create([2, 3, 4])[axis], $"Axis {axis}", "[2, 3, 4]", "3 axes");

    [TestMethod]
    public void Seven_axes_are_refused_with_advice() =>
        OnReference.Throws<ArgumentException>(() => Shape.Create([1, 1, 1, 1, 1, 1, 1]), "7 axes", "at most 6", "Reshape");

    [TestMethod]
    public void A_negative_size_is_refused() => OnReference.Throws<ArgumentException>(() => Shape.Create([2, -1]), "-1", "0 or more");

    [TestMethod]
    public void Equal_shapes_have_equal_hashes()
    {
        Assert.AreEqual(Shape.Create([2, 3]), Shape.Create([2, 3]));
        Assert.AreEqual(Shape.Create([2, 3]).GetHashCode(), Shape.Create([2, 3]).GetHashCode());
        Assert.IsTrue(Shape.Create([2, 3]) != Shape.Create([3, 2]));
        Assert.IsTrue(Shape.Create([2]) != Shape.Create([2, 1]));
        Assert.IsFalse(Shape.Create([2]).Equals("[2]"));
    }

    [TestMethod]
    public void With_changes_one_axis() => Assert.AreEqual(Shape.Create([2, 9, 4]), Shape.Create([2, 3, 4]).With(-2, 9));

    [TestMethod]
    public void Reduced_axes_keep_size_one()
    {
        Shape shape = [2, 3, 4];
        Assert.AreEqual(Shape.Create([1, 3, 1]), shape.Reduced(0, -1));
        Assert.AreEqual(Shape.Create([1, 1, 1]), shape.Reduced());
    }

    [TestMethod]
    public void Padding_puts_ones_in_front()
    {
        Assert.AreEqual(Shape.Create([1, 1, 3]), Shape.Create([3]).PaddedTo(3));
        Assert.AreEqual(Shape.Create([2, 3]), Shape.Create([2, 3]).PaddedTo(1));
    }

    [TestMethod]
    public void Shapes_broadcast_as_in_numpy()
    {
        Assert.AreEqual(Shape.Create([2, 3, 4]), Shape.Broadcast([2, 1, 4], [3, 1]));
        Assert.AreEqual(Shape.Create([0, 3]), Shape.Broadcast([1, 3], [0, 1]));
        Assert.IsNull(Shape.Broadcast([2, 3], [2]));
    }

    [TestMethod]
    public void Axes_of_size_one_do_not_move_when_broadcast()
    {
        Span<long> strides = stackalloc long[3];
        Shape.Create([2, 1, 4]).BroadcastStrides(strides);
        CollectionAssert.AreEqual((long[])[4, 0, 1], strides.ToArray());
    }

    [TestMethod]
    public void A_shape_lists_its_sizes() => CollectionAssert.AreEqual((int[])[2, 3], Shape.Create([2, 3]).ToArray());
}
