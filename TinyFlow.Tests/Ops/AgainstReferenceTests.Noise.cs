namespace TinyFlow.Tests.Ops;

// Random numbers, pixels with their noise, and what is chosen by numbers in memory.
public abstract partial class AgainstReferenceTests
{
    [TestMethod]
    [DataRow(0UL)]
    [DataRow(1UL)]
    [DataRow(6UL)]
    [DataRow(4294967291UL * 4)]
    public void Uniforms_are_equal(ulong offset) => Agree(Float32Tolerance.Exact, backend =>
    {
        using Tensor y = backend.Uniform([1021], new NoiseKey(7, 3, offset));
        return [y.ToDoubles()];
    });

    [TestMethod]
    [DataRow(0UL)]
    [DataRow(1UL)]
    [DataRow(6UL)]
    public void Normals_agree(ulong offset) => Agree(new Float32Tolerance(2e-6, "the logarithm's and the cosine's polynomials, at arguments that are rounded"), backend =>
    {
        using Tensor y = backend.Normal([10007], new NoiseKey(7, 3, offset));
        return [y.ToDoubles()];
    });

    [TestMethod]
    public void Dequantized_pixels_agree_and_stay_readable() => OnBoth((reference, backend) =>
    {
        byte[] pixels = [.. Enumerable.Range(0, 256 * 512).Select(i => (byte)(i / 512))];
        double[] Dequantized(IBackend on)
        {
            using Tensor x = on.Allocate([128, 1, 32, 32]);
            on.Dequantize(pixels, [.. Enumerable.Range(0, 128).Select(i => 60000 - 7 * i)], new NoiseKey(3, 1), x);
            return x.ToDoubles();
        }

        double[] found = Dequantized(backend);
        CollectionAssert.AreEqual(pixels, found.Select(v => (byte)Math.Floor(256 * v)).ToArray());

        // float32 has 16 bits behind the point for pixels above 127.
        Close.Check(Dequantized(reference), found, 1.0 / (1 << 24), "pixels");
    });

    [TestMethod]
    [DataRow(1, 0UL)]
    [DataRow(5, 1UL)]
    [DataRow(8, 2UL)]
    [DataRow(35, 7UL)]
    public void Dequantized_images_of_any_size_agree(int size, ulong offset) => Agree(new Float32Tolerance(1.0 / (1 << 24), "float32 has 16 bits behind the point for pixels above 127"), backend =>
    {
        using Tensor x = backend.Allocate([3, size]);
        backend.Dequantize([.. Enumerable.Range(0, 3 * size).Select(i => (byte)(37 * i))], [2, 0, 70_000], new NoiseKey(3, 1, offset), x);
        return [x.ToDoubles()];
    });

    [TestMethod]
    [DataRow(28)]
    [DataRow(5)]
    public void Images_of_a_store_are_chosen_by_numbers_in_memory_and_may_be_mirrored(int width) => OnBoth((reference, backend) =>
    {
        byte[] pixels = [.. Enumerable.Range(0, 9 * 6 * width).Select(i => (byte)(31 * i))];
        double[] Dequantized(IBackend on)
        {
            using PixelStore store = on.Store(pixels, 6 * width);
            using Tensor order = on.Create([6], (ReadOnlySpan<double>)[0, 7, -1 - 8, 3, -1, 1]), first = on.Scalar(1), x = on.Allocate([4, 2, 3, width]);
            on.Dequantize(store, order, first, draw: null, new NoiseKey(3, 1), x);
            double[] values = x.ToDoubles();
            using Tensor draw = on.Scalar(5);
            on.Dequantize(store, order, first, draw, new NoiseKey(3, 1), x);
            double[] later = x.ToDoubles();
            on.Dequantize(store, order, first, draw: null, new NoiseKey(3, 6), x);
            CollectionAssert.AreEqual(x.ToDoubles(), later, "the fifth stream after it");
            CollectionAssert.AreNotEqual(values, later);
            on.Dequantize(store, order, first, draw: null, new NoiseKey(3, 1), x);
            return x.ToDoubles();
        }

        double[] found = Dequantized(backend);
        byte[] Image(int number, bool mirrored) =>
            [.. Enumerable.Range(0, 6).SelectMany(row => { byte[] line = pixels[((6 * number + row) * width)..][..width]; return mirrored ? line.Reverse() : line; })];
        CollectionAssert.AreEqual(
            (byte[])[.. Image(7, false), .. Image(8, true), .. Image(3, false), .. Image(0, true)], found.Select(v => (byte)Math.Floor(256 * v)).ToArray());
        Close.Check(Dequantized(reference), found, 1.0 / (1 << 24), "pixels and noise");
    });

    [TestMethod]
    public void Rows_of_tables_are_taken_and_put_by_a_number_in_memory() => Agree(Float32Tolerance.Exact, backend =>
    {
        using Tensor table = Numbers(backend, Operand.Any([3, 2])), row = backend.Scalar(4), taken = backend.Allocate([2]), a = backend.Scalar(7), b = backend.Scalar(-9);
        backend.TakeRow(table, row, taken);
        CollectionAssert.AreEqual(table.ToDoubles()[2..4], taken.ToDoubles());
        backend.Fill(row, 5);
        backend.PutRow([a, b], row, table);
        CollectionAssert.AreEqual((double[])[7, -9], table.ToDoubles()[4..]);

        // Of vectors: 300 numbers take more than one block of threads.
        using Tensor wide = backend.Zeros([2, 600]), c = Numbers(backend, Operand.Any([300])), d = backend.Full([300], 2);
        backend.PutRow([c, d], row, wide);
        CollectionAssert.AreEqual((double[])[.. c.ToDoubles(), .. d.ToDoubles()], wide.ToDoubles()[600..]);
        Assert.IsTrue(wide.ToDoubles()[..600].All(value => value == 0), "the other row was changed");
        return [table.ToDoubles(), taken.ToDoubles()];
    });

    [TestMethod]
    [DataRow(5)]
    [DataRow(784)]
    public void Normal_numbers_of_images_that_are_numbered_in_memory_are_those_of_the_stream(int size) => Agree(Float32Tolerance.Transcendental, backend =>
    {
        NoiseKey key = new(3, 1, 4);
        using Tensor first = backend.Scalar(3), y = backend.Allocate([2, size]), all = backend.Normal([5, size], key);
        backend.Normal(key, first, y);
        CollectionAssert.AreEqual(all.ToDoubles()[(3 * size)..], y.ToDoubles());
        return [y.ToDoubles()];
    });
}
