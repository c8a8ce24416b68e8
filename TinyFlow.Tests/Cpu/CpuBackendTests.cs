using TinyFlow.Cpu.Vectors;
using TinyFlow.Pointwise;

namespace TinyFlow.Tests.Cpu;

[TestClass]
[TestCategory("VectorWidth")]
public sealed class CpuBackendTests
{
    public static IEnumerable<object[]> Widths => Enum.GetValues<VectorWidth>().Where(w => w <= VectorWidths.Best).Select(w => new object[] { (int)w });

    public static IEnumerable<object[]> ComputedWidths => Convolutions.TestedWidths.All.Select(width => new object[] { width });

    [TestMethod]
    [DynamicData(nameof(Widths))]
    public void Every_length_is_right_to_its_last_element_and_not_beyond(int bits)
    {
        using CpuBackend backend = new((VectorWidth)bits, threads: 2, poison: true);
        for (int count = 0; count <= 130; count++)
        {
            float[] numbers = [.. Enumerable.Range(0, count).Select(i => i - 60.5f)];
            using Tensor x = backend.Create([count], numbers), guarded = backend.Full([count + 40], -7), y = guarded.Section(20, [count]);
            backend.Pointwise<Square>(x, y);
            CollectionAssert.AreEqual(numbers.Select(v => v * v).ToArray(), y.ToArray(), $"{count} squares");
            float[] all = guarded.ToArray();
            Assert.IsTrue(all[..20].Concat(all[(20 + count)..]).All(v => v == -7), $"{count} squares wrote beyond their place");

            using Tensor sum = backend.Allocate([1]), squares = backend.Allocate([]);
            backend.Sum(x, 1, sum);
            backend.SumOf<Square>([x], 1, squares);
            Assert.AreEqual((float)numbers.Sum(v => (double)v), sum.ToArray()[0], $"sum of {count}");
            Assert.AreEqual((float)numbers.Sum(v => (double)v * v), squares.ToArray()[0], 1e-7 * squares.ToArray()[0], $"squares of {count}");
        }

        backend.AssertNoLeaks();
    }

    // More than one run of steps; a last panel that is not full; few rows, which read b once, and more than a block of them.
    [TestMethod]
    [DynamicData(nameof(ComputedWidths))]
    public void A_row_of_a_product_has_the_same_bits_however_many_rows_there_are(int bits)
    {
        using CpuBackend backend = new((VectorWidth)bits, threads: 2, poison: true);
        const int Rows = 101, K = 300, N = 141;
        using Tensor a = backend.Normal([Rows, K], new NoiseKey(1, 1)), b = backend.Normal([K, N], new NoiseKey(1, 2)), turned = backend.Create([N, K], Turned(b.ToArray(), K, N));
        using Tensor all = backend.Allocate([Rows, N]);
        backend.MatMul(a, false, b, false, all);
        float[] expected = all.ToArray(), left = a.ToArray();
        foreach (int rows in (int[])[1, 5, 6, 7, 48, 49, Rows])
        {
            using Tensor few = a.Section(0, [rows, K]), turnedFew = backend.Create([K, rows], Turned(left[..(rows * K)], rows, K));
            foreach ((bool turnsLeft, bool turnsRight) in ((bool, bool)[])[(false, false), (false, true), (true, false), (true, true)])
            {
                using Tensor guarded = backend.Full([rows * N + 40], -7), y = guarded.Section(20, [rows, N]);
                backend.MatMul(turnsLeft ? turnedFew : few, turnsLeft, turnsRight ? turned : b, turnsRight, y);
                CollectionAssert.AreEqual(expected[..(rows * N)], y.ToArray(), $"{rows} rows, transposed {turnsLeft}, {turnsRight}");
                float[] around = guarded.ToArray();
                Assert.IsTrue(around[..20].Concat(around[(20 + rows * N)..]).All(v => v == -7), $"{rows} rows wrote beyond their place");
            }
        }
    }

    private static float[] Turned(float[] matrix, int rows, int columns) =>
        [.. Enumerable.Range(0, columns * rows).Select(i => matrix[i % rows * columns + i / rows])];

    [TestMethod]
    public void A_sum_of_millions_is_right_to_a_rounding()
    {
        using CpuBackend backend = new(threads: 2);
        const int Count = 3_000_017;
        using Tensor x = backend.Uniform([Count], new NoiseKey(1, 2)), sum = backend.Allocate([1]);
        double expected = x.ToDoubles().Sum();
        backend.Sum(x, 1, sum);
        Assert.AreEqual(expected, sum.Item(), 1e-7 * expected);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(6)]
    [DataRow(64)]
    [DataRow(67)]
    public void Batch_norm_is_the_same_channels_last_and_plain(int channels)
    {
        using CpuBackend backend = new(threads: 2, poison: true);
        Shape shape = [9, channels, 14, 15];
        using (Tensor values = backend.Normal(shape, new NoiseKey(1, 1)), dyValues = backend.Normal(shape, new NoiseKey(1, 2)))
        using (Tensor x = ChannelsLast(backend, values), dy = ChannelsLast(backend, dyValues))
        {
            double[][] plain = BatchNorm(backend, values, dyValues), last = BatchNorm(backend, x, dy);
            for (int i = 0; i < plain.Length; i++)
            {
                // The two layouts add up in different orders, and differences from a mean cancel.
                Ops.Close.Check(plain[i], last[i], Ops.Float32Tolerance.Statistics.Value, $"result {i}");
            }
        }

        backend.AssertNoLeaks();
    }

    [TestMethod]
    public void A_warm_loop_takes_nothing_from_the_system_and_little_from_the_collector()
    {
        // What a call allocates does not depend on the tensors' sizes.
        Assert.AreEqual(AllocatedByAnIteration(4), AllocatedByAnIteration(48));
    }

    [TestMethod]
    public void Fewer_than_one_thread_is_refused()
    {
        ArgumentOutOfRangeException exception = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new CpuBackend(threads: 0));
        Assert.Contains("at least 1", exception.Message);
    }

    [TestMethod]
    public void More_threads_than_any_machine_has_use_for_are_refused()
    {
        ArgumentOutOfRangeException exception = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new CpuBackend(threads: 1025));
        Assert.Contains("1025 threads asked for; at most 1024", exception.Message);
        using CpuBackend backend = new(threads: 1024);
        Assert.AreEqual(1024, backend.Threads);
    }

    private static long AllocatedByAnIteration(int images)
    {
        using CpuBackend backend = new(threads: 2);
        Shape shape = [images, 16, 14, 14], channels = [16];
        using Tensor x = backend.Normal(shape, new NoiseKey(1, 1)), y = backend.Allocate(shape), dx = backend.Allocate(shape);
        using Tensor gamma = backend.Ones(channels), beta = backend.Zeros(channels), runningMean = backend.Zeros(channels), runningVariance = backend.Ones(channels);
        using Tensor mean = backend.Allocate(channels), inverse = backend.Allocate(channels), perChannel = backend.Allocate([1, 16, 1, 1]);
        using Tensor half = backend.Normal([images, 8, 14, 14], new NoiseKey(1, 2)), halfOut = backend.Allocate(half.Shape), mask = backend.Ones([8, 14, 14]);
        using Tensor perImage = backend.Allocate([images]), squared = backend.Allocate([]), flat = x.Reshape([images * 16, 196]), square = backend.Allocate([196, 196]);
        using Tensor first = backend.Zeros([(int)x.Count]), second = backend.Zeros([(int)x.Count]), state = backend.Create([3], [1e-3, 0, 0]);
        using Tensor parameters = x.Reshape([(int)x.Count]), gradients = dx.Reshape([(int)x.Count]);
        BatchNormSettings settings = new(1e-5, 0.1, Activation.Relu);

        void Iterate()
        {
            backend.BatchNorm(x, gamma, beta, runningMean, runningVariance, mean, inverse, y, settings);
            backend.BatchNormBackward(x, gamma, beta, mean, inverse, y, dx, Sink.None, Sink.None, settings, BatchStatistics.Batch);
            backend.Sum(y, 1, perChannel);
            backend.Binary<Multiply>(x, perChannel, y);
            backend.BinaryBackward<Multiply>(x, perChannel, y, dx, Sink.None, perChannel);
            backend.AffineCoupling(half, x, null, mask, halfOut, perImage, CouplingForm.ScaleThenShift);
            backend.GaussianLogProb(halfOut, perImage);
            backend.MatMul(flat, true, flat, false, square);
            backend.Uniform(new NoiseKey(1, 3), half);
            backend.SumOf<Square>([dx], 1, squared);
            backend.Adam(parameters, gradients, first, second, squared, state, new AdamSettings(0.9, 0.999, 1e-8, 0, 1));
        }

        Iterate();
        Iterate();
        (long system, long managed) = (backend.Memory.SystemAllocations, GC.GetAllocatedBytesForCurrentThread());
        Iterate();
        managed = GC.GetAllocatedBytesForCurrentThread() - managed;
        Assert.AreEqual(system, backend.Memory.SystemAllocations, "allocations from the system");
        return managed;
    }

    /// <summary>A copy that a convolution by the identity leaves channels last, where it has channels enough.</summary>
    private static Tensor ChannelsLast(CpuBackend backend, Tensor x)
    {
        int channels = x.Shape[1];
        double[] identity = new double[channels * channels];
        for (int c = 0; c < channels; c++)
        {
            identity[c * channels + c] = 1;
        }

        using Tensor weight = backend.Create([channels, channels, 1, 1], identity);
        Tensor y = backend.Allocate(x.Shape);
        backend.Conv2D(x, weight, null, y, new ConvolutionWindow(1, 0));
        return y;
    }

    private static double[][] BatchNorm(CpuBackend backend, Tensor x, Tensor dy)
    {
        Shape channels = [x.Shape[1]];
        using Tensor gamma = backend.Uniform(channels, new NoiseKey(2, 1)), beta = backend.Uniform(channels, new NoiseKey(2, 2));
        using Tensor runningMean = backend.Zeros(channels), runningVariance = backend.Ones(channels), mean = backend.Allocate(channels), inverse = backend.Allocate(channels);
        using Tensor y = backend.Allocate(x.Shape), inference = backend.Allocate(x.Shape), dx = backend.Allocate(x.Shape), constant = backend.Allocate(x.Shape);
        using Tensor dgamma = backend.Allocate(channels), dbeta = backend.Ones(channels), runningInverse = backend.Allocate(channels);
        BatchNormSettings settings = new(1e-5, 0.1, Activation.Relu);
        backend.BatchNorm(x, gamma, beta, runningMean, runningVariance, mean, inverse, y, settings);
        backend.BatchNormInference(x, gamma, beta, runningMean, runningVariance, runningInverse, inference, settings);
        backend.BatchNormBackward(x, gamma, beta, mean, inverse, dy, dx, dgamma, Sink.AddTo(dbeta), settings, BatchStatistics.Batch);
        backend.BatchNormBackward(x, gamma, beta, runningMean, runningInverse, dy, constant, Sink.None, Sink.None, settings, BatchStatistics.Running);
        backend.BatchNormBackward(x, gamma, beta, mean, inverse, dy, Sink.AddTo(constant), Sink.None, Sink.None, settings, BatchStatistics.Batch);
        return
        [
            mean.ToDoubles(), inverse.ToDoubles(), runningMean.ToDoubles(), runningVariance.ToDoubles(),
            y.ToDoubles(), inference.ToDoubles(), dx.ToDoubles(), constant.ToDoubles(), dgamma.ToDoubles(), dbeta.ToDoubles(),
        ];
    }
}
