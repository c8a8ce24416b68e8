using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Cpu.Convolutions;

/// <summary>
/// Batch normalization between convolutions, where activations are held channels last: the same chain of ops on the CPU
/// and on the reference backend.
/// </summary>
[TestClass]
[TestCategory("VectorWidth")]
public class NormalizationLayoutTests
{
    // Partial vectors, blocks of four vectors with a remainder, more than one chunk of pixels.
    public static IEnumerable<object[]> Rows() =>
        from width in TestedWidths.All
        from channels in (int[])[5, 24, 64, 76]
        from activation in (Activation[])[Activation.None, Activation.Relu]
        select new object[] { width, channels, activation };

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Training_agrees_with_the_reference(int width, int channels, Activation activation) => Compare(
        width, backend => Run(backend, channels, new BatchNormSettings(1e-5, 0.1, activation), BatchStatistics.Batch, gradientIsPlain: false));

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Inference_agrees_with_the_reference(int width, int channels, Activation activation) => Compare(
        width, backend => Run(backend, channels, new BatchNormSettings(1e-5, 0.1, activation), BatchStatistics.Running, gradientIsPlain: false));

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void A_plain_gradient_agrees_with_the_reference(int width, int channels, Activation activation) => Compare(
        width, backend => Run(backend, channels, new BatchNormSettings(1e-5, 0.1, activation), BatchStatistics.Batch, gradientIsPlain: true));

    [TestMethod]
    public void The_number_of_threads_does_not_change_a_bit()
    {
        double[][] Results(int threads)
        {
            using CpuBackend backend = new(threads);
            return Run(backend, 64, new BatchNormSettings(1e-5, 0.1, Activation.Relu), BatchStatistics.Batch, gradientIsPlain: false);
        }

        double[][] one = Results(1), three = Results(3);
        for (int i = 0; i < one.Length; i++)
        {
            CollectionAssert.AreEqual(one[i], three[i], $"result {i}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void A_convolution_that_normalizes_gives_the_bits_of_one_behind_a_batch_norm(int width, int channels, Activation activation)
    {
        using CpuBackend backend = new((TinyFlow.Cpu.Vectors.VectorWidth)width, threads: 2, poison: true);
        // Images of few channels are held plainly.
        foreach (int wide in (int[])[channels, 3])
        {
            CollectionAssert.AreEqual(BehindANorm(backend, wide, activation, fused: false), BehindANorm(backend, wide, activation, fused: true), $"{wide} channels");
        }

        backend.AssertNoLeaks();
    }

    private static double[] BehindANorm(CpuBackend backend, int channels, Activation activation, bool fused)
    {
        ConvolutionWindow window = new(1, 1);
        BatchNormSettings settings = new(1e-5, 0.1, activation);
        using Tensor images = backend.Create([3, 2, 21, 21], Operands.Random(3 * 2 * 441, 21)), first = backend.Create([channels, 2, 3, 3], Operands.Random(channels * 18, 2));
        using Tensor last = backend.Create([8, channels, 3, 3], Operands.Random(channels * 72, 3)), thin = backend.Create([2, channels, 1, 1], Operands.Random(channels * 2, 4));
        using Tensor gamma = backend.Create([channels], Operands.Random(channels, 5)), beta = backend.Create([channels], Operands.Random(channels, 6));
        using Tensor runningMean = backend.Zeros([channels]), runningVariance = backend.Ones([channels]), bias = backend.Create([channels], Operands.Random(channels, 7));
        using Tensor hidden = backend.Allocate([3, channels, 21, 21]), mean = backend.Allocate([channels]), inverse = backend.Allocate([channels]), normal = backend.Allocate(hidden.Shape);
        using Tensor y = backend.Allocate([3, 8, 21, 21]), z = backend.Allocate([3, 2, 21, 21]), dlast = backend.Zeros(last.Shape), dthin = backend.Zeros(thin.Shape), runningInverse = backend.Allocate([channels]);
        backend.Conv2D(images, first, null, hidden, window);
        if (fused)
        {
            backend.BatchNormStatistics(hidden, new StatisticsSink(mean, inverse, runningMean, runningVariance, settings, bias));
            ChannelNorm entry = new(gamma, beta, mean, inverse, activation);
            backend.Conv2D(hidden, entry, last, null, y, window);
            backend.InverseDeviation(runningVariance, runningInverse, settings.Epsilon);
            backend.Conv2D(hidden, entry with { Mean = runningMean, InverseDeviation = runningInverse }, thin, null, z, new ConvolutionWindow(1));
            backend.Conv2DWeightGradient(hidden, entry, y, dlast, Sink.None, window);
            backend.Conv2DWeightGradient(hidden, entry, z, dthin, Sink.None, new ConvolutionWindow(1));
        }
        else
        {
            using Tensor other = backend.Allocate(hidden.Shape);
            backend.BatchNorm(hidden, gamma, beta, runningMean, runningVariance, mean, inverse, normal, settings, bias);
            backend.Conv2D(normal, last, null, y, window);
            backend.BatchNormInference(hidden, gamma, beta, runningMean, runningVariance, runningInverse, other, settings);
            backend.Conv2D(other, thin, null, z, new ConvolutionWindow(1));
            backend.Conv2DWeightGradient(normal, y, dlast, Sink.None, window);
            backend.Conv2DWeightGradient(normal, z, dthin, Sink.None, new ConvolutionWindow(1));
        }

        return [.. ((Tensor[])[mean, inverse, runningMean, runningVariance, y, z, dlast, dthin]).SelectMany(tensor => tensor.ToDoubles())];
    }

    // Rows of tiles that one piece completes; few tiles, shared by workers and longer than a band; partial vectors; a stride;
    // and what takes a pass of its own: parts of tiles, a 1x1 convolution of images as they are, whose pixels are one row,
    // too many tiles a row for a band; and a result that is held plainly. Which way few tiles go depends on width and threads.
    private static readonly (Shape X, int Outputs, int Kernel, int Stride, int? Passes)[] Measured =
    [
        ([3, 2, 28, 28], 64, 3, 1, 0), ([1, 64, 16, 16], 64, 3, 1, 0), ([1, 16, 16, 16], 380, 3, 1, 0), ([1, 128, 4, 52], 128, 3, 1, null), ([2, 6, 32, 32], 20, 3, 1, 0),
        ([2, 7, 56, 28], 76, 3, 1, 0), ([2, 2, 56, 56], 64, 3, 2, 0), ([2, 6, 21, 21], 64, 3, 1, 2), ([2, 16, 28, 28], 64, 1, 1, 1), ([1, 256, 4, 100], 16, 3, 1, 2),
        ([2, 6, 28, 28], 4, 3, 1, 0),
    ];

    public static IEnumerable<object[]> MeasuredRows() =>
        from width in TestedWidths.All
        from kernel in (string[])["Automatic", "Direct", "Winograd", "ThinOutput"]
        select new object[] { width, kernel };

    [TestMethod]
    [DynamicData(nameof(MeasuredRows))]
    public void Statistics_that_a_convolution_takes_on_the_way_are_those_of_a_pass(int width, string kernel)
    {
        foreach (var c in Measured)
        {
            double[] Results(int threads, bool onTheWay)
            {
                using CpuBackend backend = new((TinyFlow.Cpu.Vectors.VectorWidth)width, threads, poison: true)
                {
                    ForcedConvolution = Enum.Parse<TinyFlow.Cpu.Convolutions.ConvolutionKernel>(kernel),
                };
                double[] results = Statistics(backend, c.X, c.Outputs, c.Kernel, c.Stride, onTheWay, out int passes);
                if (onTheWay && kernel == "Automatic" && c.Passes is { } expectedPasses)
                {
                    Assert.AreEqual(expectedPasses, passes, $"passes of {c}");
                }

                return results;
            }

            double[] expected = Results(1, onTheWay: false);
            CollectionAssert.AreEqual(expected, Results(1, onTheWay: true), $"{c}");
            CollectionAssert.AreEqual(expected, Results(3, onTheWay: true), $"{c}, three threads");
        }
    }

    // Of convolutions of images as they are and as they are normalized on entry.
    private static double[] Statistics(CpuBackend backend, Shape shape, int outputs, int kernel, int stride, bool onTheWay, out int passes)
    {
        int inputs = shape[1], weights = outputs * inputs * kernel * kernel;
        ConvolutionWindow window = new(stride, kernel / 2);
        using Tensor plain = backend.Create(shape, Operands.Random((int)shape.Count, 1)), weight = backend.Create([outputs, inputs, kernel, kernel], Operands.Random(weights, 2));
        using Tensor identity = backend.Create([inputs, inputs, 1, 1], [.. Enumerable.Range(0, inputs * inputs).Select(i => i % (inputs + 1) == 0 ? 1.0 : 0)]);
        using Tensor last = backend.Allocate(shape), ones = backend.Ones([inputs]), zeros = backend.Zeros([inputs]), bias = backend.Create([outputs], Operands.Random(outputs, 3));
        using Tensor y = backend.Allocate([shape[0], outputs, shape[2] / stride, shape[3] / stride]), mean = backend.Allocate([outputs]), inverse = backend.Allocate([outputs]);
        using Tensor runningMean = backend.Zeros([outputs]), runningVariance = backend.Ones([outputs]);
        StatisticsSink sink = new(mean, inverse, runningMean, runningVariance, new BatchNormSettings(1e-5, 0.25, Activation.Relu), bias);
        backend.Conv2D(plain, identity, null, last, new ConvolutionWindow(1));
        List<double> results = [];
        int before = backend.StatisticsPasses;
        foreach (ChannelNorm? entry in (ChannelNorm?[])[null, new(ones, zeros, zeros, ones, Activation.Relu)])
        {
            backend.Conv2D(last, entry, weight, bias, y, window, onTheWay ? sink : null);
            if (!onTheWay)
            {
                backend.BatchNormStatistics(y, sink);
            }

            double[] values = y.ToDoubles(), means = mean.ToDoubles(), inverses = inverse.ToDoubles();
            results.AddRange([.. values, .. means, .. inverses, .. runningMean.ToDoubles(), .. runningVariance.ToDoubles()]);
            int pixels = y.Shape[2] * y.Shape[3];
            for (int c = 0; c < outputs; c++)
            {
                double[] channel = [.. Enumerable.Range(0, shape[0]).SelectMany(image => values.AsSpan((image * outputs + c) * pixels, pixels).ToArray())];
                double exact = channel.Average(), variance = channel.Average(v => (v - exact) * (v - exact));
                Assert.AreEqual(exact, means[c], 1e-6 * Math.Sqrt(variance + exact * exact), $"mean of channel {c} of {y.Shape}");
                Assert.AreEqual(1, inverses[c] * Math.Sqrt(variance + 1e-5), 2e-6, $"deviation of channel {c} of {y.Shape}");
            }
        }

        passes = backend.StatisticsPasses - before;
        return [.. results];
    }

    [TestMethod]
    [DataRow(6, false, false)]
    [DataRow(6, true, false)]
    [DataRow(3, false, false)]
    [DataRow(6, false, true)]
    [DataRow(6, true, true)]
    [DataRow(3, false, true)]
    public void A_gradient_may_take_the_place_of_the_one_it_is_computed_from(int channels, bool gradientIsPlain, bool ofImages)
    {
        using CpuBackend backend = new(threads: 2, poison: true);
        double[] Gradient(bool inPlace)
        {
            BatchNormSettings settings = new(1e-5, 0.1, Activation.Relu);
            Shape shape = [5, channels, 7, 9];
            using Tensor identity = backend.Create([channels, channels, 1, 1], [.. Enumerable.Range(0, channels * channels).Select(i => i % (channels + 1) == 0 ? 1.0 : 0)]);
            using Tensor plain = backend.Create(shape, Operands.Random((int)shape.Count, 1)), plainDy = backend.Create(shape, Operands.Random((int)shape.Count, 2));
            using Tensor x = backend.Allocate(shape), held = backend.Allocate(shape), gamma = backend.Ones([channels]), beta = backend.Zeros([channels]), dx = backend.Allocate(shape);
            using Tensor mean = backend.Allocate([channels]), inverse = backend.Allocate([channels]), runningMean = backend.Zeros([channels]), runningVariance = backend.Ones([channels]);
            backend.Conv2D(plain, identity, null, x, new ConvolutionWindow(1));
            backend.Conv2D(plainDy, identity, null, held, new ConvolutionWindow(1));
            backend.BatchNormStatistics(x, new StatisticsSink(mean, inverse, runningMean, runningVariance, settings));
            Tensor dy = gradientIsPlain ? plainDy : held, target = inPlace ? dy : dx;
            if (ofImages)
            {
                using Tensor means = backend.Allocate([5, channels]), inverses = backend.Allocate([5, channels]);
                backend.InstanceNormStatistics(x, means, inverses, 1e-5);
                backend.InstanceNormBackward(x, means, inverses, dy, target, Activation.Relu);
                return target.ToDoubles();
            }

            backend.BatchNormBackward(x, gamma, beta, mean, inverse, dy, target, Sink.None, Sink.None, settings, BatchStatistics.Batch);
            return target.ToDoubles();
        }

        CollectionAssert.AreEqual(Gradient(inPlace: false), Gradient(inPlace: true));
    }

    [TestMethod]
    public void A_NaN_passes_the_activation()
    {
        using CpuBackend backend = new();
        using Tensor x = backend.Create([1, 1, 2, 2], [1.0, double.NaN, 2, 3]), weight = backend.Create([8, 1, 1, 1], Operands.Random(8, 1));
        using Tensor wide = backend.Allocate([1, 8, 2, 2]), y = backend.Allocate([1, 8, 2, 2]), ones = backend.Create([8], Enumerable.Repeat(1.0, 8).ToArray());
        using Tensor zeros = backend.Create([8], new double[8]), inverse = backend.Allocate([8]);
        backend.Conv2D(x, weight, null, wide, new ConvolutionWindow(1));
        backend.BatchNormInference(wide, ones, zeros, zeros, ones, inverse, y, new BatchNormSettings(1e-5, 0.1, Activation.Relu));
        Assert.AreEqual(8, y.ToDoubles().Count(double.IsNaN));

        // On entry, where a kernel copies rows and where it does not; and behind a sum.
        using Tensor sum = backend.Ones([1, 8, 1, 1]), sums = backend.Ones([5, 8, 3, 3]), summed = backend.Allocate([1, 1, 2, 2]), many = backend.Allocate([1, 5, 2, 2]);
        ChannelNorm entry = new(ones, zeros, zeros, inverse, Activation.Relu);
        backend.Conv2D(wide, entry, sum, null, summed, new ConvolutionWindow(1));
        Assert.AreEqual(1, summed.ToDoubles().Count(double.IsNaN));
        backend.ForcedConvolution = TinyFlow.Cpu.Convolutions.ConvolutionKernel.Winograd;
        backend.Conv2D(wide, entry, sums, null, many, new ConvolutionWindow(1, 1));
        Assert.IsTrue(many.ToDoubles().All(double.IsNaN), "by Winograd's kernel");
        using Tensor mean = backend.Allocate([1, 8]), imageInverse = backend.Allocate([1, 8]);
        using Tensor finite = backend.Allocate(wide.Shape), one = backend.Ones([1, 1, 2, 2]);
        backend.Conv2D(one, weight, null, finite, new ConvolutionWindow(1));
        backend.InstanceNormSum(finite, wide, mean, imageInverse, y, 1e-5, Activation.Relu);
        Assert.AreEqual(8, y.ToDoubles().Count(double.IsNaN));
    }

    [TestMethod]
    public void A_recording_tape_keeps_no_normalized_images()
    {
        using CpuBackend backend = new(threads: 2);
        using Tensor images = backend.Normal([4, 16, 14, 14], new NoiseKey(1, 1)), weight = backend.Ones([2, 16, 3, 3]), sixteen = backend.Ones([16]), zeros = backend.Zeros([16]);
        BatchNormSettings settings = new(1e-5, 0.1, Activation.Relu);
        ConvolutionWindow window = new(1, 1);
        long Kept(Func<Tape, Var, Var, Var> op)
        {
            using Tape tape = new(backend);
            Var x = tape.Input(images), w = tape.Input(weight);
            long before = backend.Memory.Live;
            op(tape, x, w);
            return backend.Memory.Live - before;
        }

        long held = images.Count * sizeof(float);
        Assert.IsLessThan(held, Kept((tape, x, w) => x.NormalizedConv2D(
            new BatchNormOperands(tape.Input(sixteen), tape.Input(sixteen), zeros, sixteen, settings, BatchStatistics.Batch), w, null, window)), "behind a batch norm");
        Assert.IsLessThan(held, Kept((_, x, w) => x.InstanceNormalizedConv2D(1e-5, Activation.Relu, w, null, window)), "behind an instance norm");
        Assert.IsLessThan(2 * held, Kept((_, x, _) => x.InstanceNorm2D(x, 1e-5, Activation.Relu)), "a residual block's end");
    }

    private static void Compare(int width, Func<IBackend, double[][]> run)
    {
        using ReferenceBackend reference = new(poison: true);
        using CpuBackend cpu = new((TinyFlow.Cpu.Vectors.VectorWidth)width, threads: 2, poison: true);
        double[][] expected = run(reference), found = run(cpu);
        for (int i = 0; i < expected.Length; i++)
        {
            // F(4x4, 3x3) and its gradients stay within 1e-5 of Σ|w||x|, which the sums here exceed a few times over.
            double scale = Math.Max(1, expected[i].Max(Math.Abs));
            for (int j = 0; j < expected[i].Length; j++)
            {
                Assert.IsLessThan(1e-4 * scale, Math.Abs(expected[i][j] - found[i][j]), $"result {i}, element {j}: {found[i][j]:R}, expected {expected[i][j]:R}");
            }
        }
    }

    // x → convolution → batch norm → convolution, and back, with the input's gradient added twice.
    private static double[][] Run(IBackend backend, int channels, BatchNormSettings settings, BatchStatistics statistics, bool gradientIsPlain)
    {
        const int N = 3, Size = 21;
        Shape images = [N, 2, Size, Size], wide = [N, channels, Size, Size];
        ConvolutionWindow window = new(1, 1);
        List<Tensor> all = [];
        Tensor Random(Shape shape, int seed, double scale = 1, double shift = 0)
        {
            all.Add(backend.Create(shape, [.. Operands.Random((int)shape.Count, seed).Select(v => v * scale + shift)]));
            return all[^1];
        }

        Tensor Empty(Shape shape)
        {
            all.Add(backend.Allocate(shape));
            return all[^1];
        }

        // Seeds with which no value before a ReLU lies so near to 0 that rounding decides whether it passes.
        Tensor x = Random(images, 21), first = Random([channels, 2, 3, 3], 2), last = Random([8, channels, 3, 3], 3, 0.2), bias = Random([channels], 12);
        Tensor gamma = Random([channels], 4, 0.5, 1), beta = Random([channels], 5), runningMean = Random([channels], 6), runningVariance = Random([channels], 7, 0.5, 1);
        Tensor hidden = Empty(wide), mean = Empty([channels]), inverse = Empty([channels]), normal = Empty(wide), y = Empty([N, 8, Size, Size]);
        backend.Conv2D(x, first, bias, hidden, window);
        if (statistics == BatchStatistics.Batch)
        {
            backend.BatchNorm(hidden, gamma, beta, runningMean, runningVariance, mean, inverse, normal, settings);
        }
        else
        {
            backend.BatchNormInference(hidden, gamma, beta, runningMean, runningVariance, inverse, normal, settings);
            mean = runningMean;
        }

        backend.Conv2D(normal, last, null, y, window);
        Tensor dy = Random([N, 8, Size, Size], 8, 0.1), dnormal = Empty(wide), dhidden = Empty(wide), plain = Random(wide, 9), dgamma = Empty([channels]), dbeta = Random([channels], 10);
        backend.Conv2DInputGradient(dy, last, dnormal, window);
        if (gradientIsPlain)
        {
            Tensor copy = Random(wide, 11);
            backend.Write(dnormal.ToDoubles(), copy);
            dnormal = copy;
        }

        backend.BatchNormBackward(hidden, gamma, beta, mean, inverse, dnormal, dhidden, dgamma, Sink.AddTo(dbeta), settings, statistics);
        backend.BatchNormBackward(hidden, gamma, beta, mean, inverse, dnormal, Sink.AddTo(dhidden), Sink.None, Sink.None, settings, statistics);
        backend.BatchNormBackward(hidden, gamma, beta, mean, inverse, dnormal, Sink.AddTo(plain), Sink.None, Sink.None, settings, statistics);
        Tensor dx = Empty(images), dfirst = Empty(first.Shape), dbias = Empty([channels]);
        backend.Conv2DInputGradient(dhidden, first, dx, window);
        backend.Conv2DWeightGradient(x, dhidden, dfirst, dbias, window);
        double[][] results =
        [
            .. ((Tensor[])[hidden, normal, y, runningMean, runningVariance, inverse, dhidden, plain, dgamma, dbeta, dx, dfirst]).Select(tensor => tensor.ToDoubles()),
        ];
        all.ForEach(tensor => tensor.Dispose());
        backend.AssertNoLeaks();
        return results;
    }
}
