using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Backends;

[TestClass]
public sealed class RandomTests
{
    private static readonly NoiseKey Key = new(Seed: 20240607, Stream: 3);

    [TestMethod]
    [DataRow(0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [DataRow(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [DataRow(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Philox_gives_the_known_answers_of_its_authors(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint e0, uint e1, uint e2, uint e3) =>
        Assert.AreEqual(new PhiloxBlock(e0, e1, e2, e3), Philox.Block(new PhiloxBlock(c0, c1, c2, c3), k0, k1));

    [TestMethod]
    public void A_key_puts_index_and_stream_into_the_counter_and_the_seed_into_the_key() => Assert.AreEqual(
        new PhiloxBlock(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1),
        Philox.Block(0x85a308d3_243f6a88, new NoiseKey(Seed: 0x299f31d0_a4093822, Stream: 0x03707344_13198a2e)));

    [TestMethod]
    public void Uniforms_are_the_upper_24_bits_of_each_word_in_turn() => OnReference.Run(backend =>
    {
        using Tensor y = backend.Uniform([5], new NoiseKey(Seed: 0, Stream: 0));
        double[] values = y.ToDoubles();
        CollectionAssert.AreEqual(new double[] { 0x6627e8 / 16777216.0, 0xe169c5 / 16777216.0, 0xbc57ac / 16777216.0, 0x9b00db / 16777216.0 }, values[..4]);
        Assert.AreEqual((Philox.Block(1, default).Word0 >> 8) / 16777216.0, values[4]);
    });

    [TestMethod]
    public void Normals_are_cosine_then_sine_of_each_pair_of_words() => OnReference.Run(backend =>
    {
        // Worked out from the words above with another language's logarithm and cosine.
        using Tensor y = backend.Normal([4], new NoiseKey(Seed: 0, Stream: 0));
        Close.Check([0.9911374751458971, -0.9246627803544332, -0.6176090549848544, -0.4820683472644963], y.ToDoubles(), 1e-14, "normals");
    });

    [TestMethod]
    public void A_stream_can_be_entered_anywhere() => OnReference.Run(backend =>
    {
        using Tensor whole = backend.Normal([40], Key), uniforms = backend.Uniform([40], Key);
        for (int offset = 0; offset < 9; offset++)
        {
            using Tensor part = backend.Normal([20], Key with { Offset = (ulong)offset }), uniform = backend.Uniform([20], Key with { Offset = (ulong)offset });
            CollectionAssert.AreEqual(whole.ToDoubles()[offset..(offset + 20)], part.ToDoubles());
            CollectionAssert.AreEqual(uniforms.ToDoubles()[offset..(offset + 20)], uniform.ToDoubles());
        }
    });

    [TestMethod]
    public void Streams_and_seeds_differ() => OnReference.Run(backend =>
    {
        double First(NoiseKey key)
        {
            using Tensor y = backend.Uniform([1], key);
            return y.Item();
        }

        double[] firsts = [First(new NoiseKey(1, 0)), First(new NoiseKey(2, 0)), First(new NoiseKey(1, 1)), First(new NoiseKey(1, 1UL << 40)), First(new NoiseKey(1UL << 40, 0))];
        Assert.AreEqual(firsts.Length, firsts.Distinct().Count());
    });

    [TestMethod]
    public void Normals_have_the_moments_of_the_standard_normal() => OnReference.Run(backend =>
    {
        const int Count = 1_000_000;
        using Tensor y = backend.Normal([Count], Key);
        double[] values = y.ToDoubles();
        double Moment(int power) => values.Average(v => Math.Pow(v, power));

        // Five standard errors: √(E[x^2k] − E[x^k]²) / √n with E = 1, 3, 15, 105 for powers 2, 4, 6, 8.
        double unit = 5 / Math.Sqrt(Count);
        Assert.AreEqual(0, Moment(1), unit, "mean");
        Assert.AreEqual(1, Moment(2), unit * Math.Sqrt(2), "variance");
        Assert.AreEqual(0, Moment(3), unit * Math.Sqrt(15), "third moment");
        Assert.AreEqual(3, Moment(4), unit * Math.Sqrt(96), "fourth moment");
        Assert.AreEqual(0, values.Zip(values.Skip(1), (a, b) => a * b).Average(), unit, "covariance of neighbours");
    });

    [TestMethod]
    public void Normals_are_finite_for_every_word()
    {
        (double even, double odd) = Philox.ToNormals(0, 0);
        Assert.AreEqual(Math.Sqrt(48 * Math.Log(2)), even, 1e-12);
        Assert.AreEqual(0, odd, 1e-12);
        Assert.AreEqual(0, Philox.ToNormals(uint.MaxValue, uint.MaxValue).Even);
    }

    [TestMethod]
    public void Uniforms_fill_the_unit_interval_evenly() => OnReference.Run(backend =>
    {
        const int Count = 160_000, Bins = 16;
        using Tensor y = backend.Uniform([Count], Key);
        int[] counts = new int[Bins];
        foreach (double value in y.ToDoubles())
        {
            counts[(int)(value * Bins)]++;
        }

        // χ² with 15 degrees of freedom lies below 44.3 in 9999 of 10,000 cases.
        double expected = (double)Count / Bins;
        Assert.IsLessThan(44.3, counts.Sum(count => (count - expected) * (count - expected) / expected));
    });

    [TestMethod]
    public void Dequantization_keeps_every_pixel_readable() => OnReference.Run(backend =>
    {
        byte[] pixels = [.. Enumerable.Range(0, 256 * 16).Select(i => (byte)(i / 16))];
        using Tensor x = backend.Allocate([2, 1, 64, 32]);
        backend.Dequantize(pixels, [5, 9], Key, x);

        CollectionAssert.AreEqual(pixels, x.ToDoubles().Select(v => (byte)Math.Floor(256 * v)).ToArray());
    });

    [TestMethod]
    public void An_images_noise_depends_on_neither_batch_nor_order() => OnReference.Run(backend =>
    {
        byte[] one = [1, 2, 3, 4], two = [5, 6, 7, 8];
        double[] Noisy(byte[] pixels, int[] images)
        {
            using Tensor x = backend.Allocate([images.Length, 1, 2, 2]);
            backend.Dequantize(pixels, images, Key, x);
            return x.ToDoubles();
        }

        double[] together = Noisy([.. one, .. two], [7, 3]);
        CollectionAssert.AreEqual(together, (double[])[.. Noisy(one, [7]), .. Noisy(two, [3])]);
        CollectionAssert.AreNotEqual(together[..4], Noisy(one, [8]));
    });
}
