using TinyFlow.Autograd;
using TinyFlow.Pointwise;
using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Ops;

/// <summary>A float32 backend against the specification, over the whole table of ops and the contract's other methods.</summary>
public abstract partial class AgainstReferenceTests
{
    // A sum of two float32 gradients is rounded once more, whatever the op.
    private const double OneMoreRounding = 5e-7;

    public static IEnumerable<object[]> Rows => OpCases.AllNames();

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Values_and_gradients_agree_with_the_reference(string name)
    {
        OpCase row = OpCases.Named(name);
        OpRun expected = OnReferenceBackend(row), found = OnBackend(backend => OpRun.Of(row, backend));
        Close.Check(expected.Value, found.Value, row.Tolerance.Value, $"value ({row.Tolerance.Reason})");
        CheckGradients(expected.Gradients, found.Gradients, row.Tolerance.Value, row.Tolerance.Reason);
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Gradients_add_up_when_operands_are_used_again(string name)
    {
        OpCase row = OpCases.Named(name);
        OpRun expected = OnReferenceBackend(row), found = OnBackend(backend => OpRun.OneAndAHalfTimes(row, backend));
        double[][] more = [.. expected.Gradients.Select(gradient => gradient.Select(g => 1.5 * g).ToArray())];
        CheckGradients(more, found.Gradients, row.Tolerance.Value + OneMoreRounding, $"one rounding more than {row.Tolerance.Reason}");
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void A_gradient_does_not_depend_on_which_others_are_wanted(string name)
    {
        OpCase row = OpCases.Named(name);
        OpRun all = OnBackend(backend => OpRun.Of(row, backend));
        for (int i = 0; i < row.Operands.Length; i++)
        {
            double[] alone = OnBackend(backend => OpRun.WantingOnly(i, row, backend)).Gradients[i];
            Close.Check(all.Gradients[i], alone, row.Tolerance.Value, $"gradient {i} alone ({row.Tolerance.Reason})");
        }
    }

    [TestMethod]
    [DataRow(4, 3, 5, 7)]
    [DataRow(2, 64, 14, 14)]
    [DataRow(3, 1, 1, 1)]
    [DataRow(3, 2, 27, 31)]
    [DataRow(11, 3, 29, 31)]
    public void Running_statistics_agree(int n, int c, int h, int w) => Agree(Float32Tolerance.Statistics, backend =>
    {
        using Tensor x = Numbers(backend, Operand.Between([n, c, h, w], -1, 3)), gamma = Numbers(backend, Operand.Any([c])), beta = Numbers(backend, Operand.Any([c]));
        using Tensor runningMean = Numbers(backend, Operand.Any([c])), runningVariance = Numbers(backend, Operand.Between([c], 0.5, 2));
        using Tensor mean = backend.Allocate([c]), inverseDeviation = backend.Allocate([c]), y = backend.Allocate(x.Shape);
        backend.BatchNorm(x, gamma, beta, runningMean, runningVariance, mean, inverseDeviation, y, new BatchNormSettings(1e-5, 0.1, Activation.Relu));
        return [mean.ToDoubles(), inverseDeviation.ToDoubles(), runningMean.ToDoubles(), runningVariance.ToDoubles(), y.ToDoubles()];
    });

    [TestMethod]
    [DataRow(2, 7)]
    [DataRow(8, 16)]
    [DataRow(11, 29)]
    public void A_mean_far_from_zero_does_not_spoil_the_variance(int n, int side) => Agree(new Float32Tolerance(1e-4, "1000 ± 1 has 14 bits left for the ± 1 in float32"), backend =>
    {
        using Tensor x = Numbers(backend, Operand.Between([n, 2, side, side], 999, 1001)), gamma = backend.Ones([2]), beta = backend.Zeros([2]);
        using Tensor runningMean = backend.Zeros([2]), runningVariance = backend.Ones([2]);
        using Tensor mean = backend.Allocate([2]), inverseDeviation = backend.Allocate([2]), y = backend.Allocate(x.Shape);
        backend.BatchNorm(x, gamma, beta, runningMean, runningVariance, mean, inverseDeviation, y, new BatchNormSettings(1e-5, 0.1, Activation.None));
        return [inverseDeviation.ToDoubles(), runningVariance.ToDoubles(), y.ToDoubles()];
    });

    [TestMethod]
    [DataRow(7)]
    [DataRow(41)]
    [DataRow(97)]
    public void A_mean_far_from_zero_does_not_spoil_the_variance_of_an_image(int side) => Agree(new Float32Tolerance(1e-4, "1000 ± 1 has 14 bits left for the ± 1 in float32"), backend =>
    {
        using Tensor x = Numbers(backend, Operand.Between([2, 2, side, side], 999, 1001)), y = backend.Allocate(x.Shape);
        using Tensor mean = backend.Allocate([2, 2]), inverseDeviation = backend.Allocate([2, 2]);
        backend.InstanceNorm(x, mean, inverseDeviation, y, 1e-5, Activation.None);
        return [inverseDeviation.ToDoubles(), y.ToDoubles()];
    });

    [TestMethod]
    [DataRow(2, 7)]
    [DataRow(3, 29)]
    [DataRow(11, 29)]
    public void One_number_far_from_all_others_does_not_spoil_the_variance(int n, int side) => Agree(Float32Tolerance.Statistics, backend =>
    {
        // The first of each channel, which a sum of squared distances from one of the numbers might start from.
        using Tensor x = Numbers(backend, new Operand([n, 2, side, side], (i, u) => i % (side * side) == 0 ? 1e4 : u)), gamma = backend.Ones([2]), beta = backend.Zeros([2]);
        using Tensor runningMean = backend.Zeros([2]), runningVariance = backend.Ones([2]);
        using Tensor mean = backend.Allocate([2]), inverseDeviation = backend.Allocate([2]), y = backend.Allocate(x.Shape);
        backend.BatchNorm(x, gamma, beta, runningMean, runningVariance, mean, inverseDeviation, y, new BatchNormSettings(1e-5, 0.1, Activation.None));
        return [inverseDeviation.ToDoubles(), runningVariance.ToDoubles(), y.ToDoubles()];
    });

    [TestMethod]
    [DataRow(CouplingForm.ScaleThenShift)]
    [DataRow(CouplingForm.ShiftThenScale)]
    public void Coupling_inverses_agree(CouplingForm form)
    {
        foreach (Shape? scaleShape in (Shape?[])[null, [1], [3], [3, 7, 5]])
        {
            Agree(Float32Tolerance.Transcendental, backend =>
            {
                using Tensor y = Numbers(backend, Operand.Any([4, 3, 7, 5])), h = Numbers(backend, Operand.Any([4, 6, 7, 5]));
                using Tensor? scale = scaleShape is { } s ? Numbers(backend, Operand.Any(s)) : null;
                using Tensor mask = Numbers(backend, new Operand([3, 7, 5], (_, u) => u < 0.5 ? 0 : 1)), x = backend.Allocate(y.Shape);
                backend.AffineCouplingInverse(y, h, scale, mask, x, form);
                return [x.ToDoubles()];
            });
        }
    }

    [TestMethod]
    [DataRow(0, 3)]
    [DataRow(2, 0)]
    public void Images_without_pixels_and_no_images_agree(int images, int height) => Agree(Float32Tolerance.Rounding, backend =>
    {
        Shape shape = [images, 2, height, 3];
        using Tensor x = backend.Ones(shape), h = backend.Ones(shape.With(1, 4)), y = backend.Ones(shape), perImage = backend.Ones([images]), logDet = backend.Ones([images]), logProb = backend.Ones([images]);
        using Tensor gamma = backend.Ones([2]), statistic = backend.Ones([2]), inverse = backend.Ones([2]), dscale = backend.Ones([1]), dgamma = backend.Ones([2]), dbeta = backend.Ones([2]);
        using Tensor mask = backend.Ones([2, height, 3]), scale = backend.Ones([1]), spline = backend.Ones(shape.With(1, 5)), splineLogDet = backend.Ones([images]);
        BatchNormSettings settings = new(0.5, 0.1, Activation.Relu);
        backend.BatchNormInference(x, gamma, gamma, statistic, statistic, inverse, y, settings);
        backend.BatchNormBackward(x, gamma, gamma, statistic, inverse, y, Sink.None, dgamma, Sink.AddTo(dbeta), settings, BatchStatistics.Running);
        backend.AffineCoupling(x, h, scale, mask, y, logDet, CouplingForm.ScaleThenShift);
        backend.AffineCouplingBackward(x, h, scale, mask, y, perImage, Sink.None, Sink.None, dscale, CouplingForm.ScaleThenShift);
        backend.RationalQuadraticCoupling(x, spline, new ChannelRange(0, 1), y, splineLogDet);
        backend.GaussianLogProb(x, logProb);
        if (backend is IFusedNormalization fused)
        {
            using Tensor weight = backend.Ones([1, 2, 3, 3]), z = backend.Allocate(shape.With(1, 1)), dweight = backend.Ones(weight.Shape), statistics = backend.Ones([images, 2]);
            foreach (ChannelNorm entry in (ChannelNorm[])[new(gamma, gamma, statistic, inverse, Activation.Relu), new(null, null, statistics, statistics, Activation.None)])
            {
                fused.Conv2D(x, entry, weight, null, z, new ConvolutionWindow(1, 1));
                fused.Conv2DWeightGradient(x, entry, z, dweight, Sink.None, new ConvolutionWindow(1, 1));
                CollectionAssert.AreEqual(new double[18], dweight.ToDoubles());
            }
        }

        return [inverse.ToDoubles(), dgamma.ToDoubles(), dbeta.ToDoubles(), logDet.ToDoubles(), dscale.ToDoubles(), splineLogDet.ToDoubles(), logProb.ToDoubles()];
    });

    [TestMethod]
    public void Combinations_of_means_agree_and_leave_out_what_has_no_weight() => Agree(Float32Tolerance.Products, backend =>
    {
        using Tensor a = Numbers(backend, Operand.Any([300])), b = backend.Full([2], double.PositiveInfinity), c = backend.Scalar(3), y = backend.Allocate([3]), first = y.Section(0, [1]);
        backend.CombineMeans([a, b, c], [2, 0, -1, 0, 0, 0, 0.5, 0, 4], [1, -7, 0], y);
        double[] found = y.ToDoubles();
        Assert.AreEqual(-7.0, found[1]);
        backend.CombineMeans([a, b, c], [0, 1, 0], [0], first);
        Assert.AreEqual(double.PositiveInfinity, first.ToDoubles()[0]);
        return [found];
    });

    [TestMethod]
    [DataRow(1)]
    [DataRow(1021)]
    public void Averages_move_and_values_stay_while_a_guard_is_finite(int count) => Agree(Float32Tolerance.Products, backend =>
    {
        using Tensor x = Numbers(backend, Operand.Any([count])), average = backend.Ones([count]), kept = backend.Scalar(0.75), taken = backend.Scalar(0.25), guard = backend.Scalar(0);
        backend.MoveAverage(x, kept, taken, guard, average);
        double[] moved = average.ToDoubles();
        Close.Check(x.ToDoubles().Select(value => 0.75 + 0.25 * value).ToArray(), moved, 1e-6, "the average");
        backend.RestoreUnlessFinite(guard, x, average);
        CollectionAssert.AreEqual(moved, average.ToDoubles());
        backend.Fill(guard, double.NaN);
        backend.MoveAverage(x, kept, taken, guard, average);
        CollectionAssert.AreEqual(moved, average.ToDoubles());
        backend.RestoreUnlessFinite(guard, x, average);
        CollectionAssert.AreEqual(x.ToDoubles(), average.ToDoubles());
        return [moved];
    });

    [TestMethod]
    [DataRow(0)]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void A_tensor_may_begin_anywhere_in_its_memory(int start) => Agree(Float32Tolerance.Products, backend =>
    {
        using Tensor all = Numbers(backend, Operand.AwayFromZero([64])), others = Numbers(backend, Operand.Any([65])), results = backend.Full([8, 64], 3);
        using Tensor x = all.Section(start, [5, 8]), b = others.Section(start, [8]), sum = results.Section(start, [8]);
        Tensor Result(int number, Shape shape) => results.Section(64 * number + start, shape);
        backend.Sum(x, 2, sum);
        using Tensor y = Result(1, x.Shape), product = Result(2, x.Shape), shifted = Result(3, x.Shape), noise = Result(4, x.Shape), transposed = Result(5, x.Shape), da = Result(6, x.Shape), db = Result(7, b.Shape);
        backend.Pointwise<Pointwise.Exp>(x, y);
        backend.Binary<Pointwise.Multiply>(x, b, product);
        backend.BinaryBackward<Pointwise.Multiply>(x, b, product, y, Sink.AddTo(da), Sink.AddTo(db));
        backend.ScaleShift(x, 2, 1, Sink.AddTo(shifted));
        backend.Uniform(new NoiseKey(1, 2, 3), noise);
        backend.Copy(x, new Walk(0, Strides.Of([1, 8])), transposed, new Walk(0, Strides.Of([5, 1])), [8, 5]);
        return [results.ToDoubles()];
    });

    [TestMethod]
    public void A_sum_of_nothing_is_0() => Agree(Float32Tolerance.Exact, backend =>
    {
        using Tensor x = backend.Allocate([0, 3]), y = backend.Allocate([1, 3]), kept = backend.Ones([1, 3]);
        backend.Sum(x, 2, y);
        backend.Sum(x, 2, Sink.AddTo(kept));
        return [y.ToDoubles(), kept.ToDoubles()];
    });

    [TestMethod]
    [DataRow(1)]
    [DataRow(17)]
    [DataRow(100_003)]
    public void Sums_of_squares_agree(int count) => Agree(Float32Tolerance.Products, backend =>
    {
        using Tensor x = Numbers(backend, Operand.Any([count])), y = backend.Allocate([]);
        backend.SumOf<Square>([x], 1, y);
        return [y.ToDoubles()];
    });

    [TestMethod]
    [DataRow(1, AdamScale.RootMeanSquare)]
    [DataRow(1021, AdamScale.RootMeanSquare)]
    [DataRow(1021, AdamScale.Maximum)]
    public void Steps_of_Adam_agree_and_a_bad_gradient_is_skipped(int count, AdamScale scale) => Agree(Float32Tolerance.Products, backend =>
    {
        using Tensor parameters = Numbers(backend, Operand.Any([count])), first = backend.Zeros([count]), second = backend.Zeros([count]);
        using Tensor state = backend.Create([3], [1e-3, 0, 0]), squaredNorm = backend.Allocate([]);
        for (int step = 0; step < 4; step++)
        {
            double[] values = Operand.AwayFromZero([count]).Values(7, step);
            values[count / 2] = step == 2 ? double.NaN : values[count / 2];
            using Tensor gradients = backend.Create([count], values);
            backend.SumOf<Square>([gradients], 1, squaredNorm);
            backend.Adam(parameters, gradients, first, second, squaredNorm, state, new AdamSettings(0.9, 0.999, 1e-8, 1e-2, 1, scale));
        }

        Assert.AreEqual(3, state[1]);
        Assert.AreEqual(1, state[2]);
        return [parameters.ToDoubles(), first.ToDoubles(), second.ToDoubles()];
    });

    [TestMethod]
    public void A_float32_backend_is_refused_by_the_gradient_check()
    {
        using IBackend backend = Create();
        using Tensor x = backend.Ones([2]);
        OnReference.Throws<ArgumentException>(() => GradCheck.Run(backend, "f", (_, v) => v[0], x), $"'{backend.Name}'", "32 bits", "ReferenceBackend");
    }

    [TestMethod]
    public void Tensors_cross_backends_by_copy_only() => OnBoth((reference, backend) =>
    {
        using Tensor x = reference.Create([2], [1.0 / 3, 2]), copy = backend.CopyOf(x);
        CollectionAssert.AreEqual((double[])[1f / 3, 2], copy.ToDoubles());
        Assert.AreEqual("[0.33333334 2.        ]", copy.ToString());
        using Tape tape = new(backend);
        OnReference.Throws<InvalidOperationException>(() => tape.Input(x), "Input:", "'reference'", $"'{backend.Name}'", "backend.CopyOf(tensor)");
    });

    /// <summary>Makes the backend under test, with poisoned memory.</summary>
    private protected abstract IBackend Create();

    private protected static void CheckGradients(double[][] expected, double[][] found, double tolerance, string reason)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Close.Check(expected[i], found[i], tolerance, $"gradient {i} ({reason})");
        }
    }

    private static Tensor Numbers(IBackend backend, Operand operand) => backend.Create(operand.Shape, operand.Values(seed: 11, position: operand.Shape.Rank));

    private protected static OpRun OnReferenceBackend(OpCase row)
    {
        using ReferenceBackend backend = new(poison: true);
        OpRun run = OpRun.Of(row, backend);
        backend.AssertNoLeaks();
        return run;
    }

    private protected T OnBackend<T>(Func<IBackend, T> run)
    {
        using IBackend backend = Create();
        T result = run(backend);
        backend.AssertNoLeaks();
        return result;
    }

    private void OnBoth(Action<IBackend, IBackend> test)
    {
        using ReferenceBackend reference = new(poison: true);
        using IBackend backend = Create();
        test(reference, backend);
        reference.AssertNoLeaks();
        backend.AssertNoLeaks();
    }

    private void Agree(Float32Tolerance tolerance, Func<IBackend, double[][]> compute) => OnBoth((reference, backend) =>
    {
        double[][] expected = compute(reference), found = compute(backend);
        for (int i = 0; i < expected.Length; i++)
        {
            Close.Check(expected[i], found[i], tolerance.Value, $"result {i} ({tolerance.Reason})");
        }
    });
}
