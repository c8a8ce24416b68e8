using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Pointwise;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Backends;

/// <summary>The specification against numbers worked out by hand: what finite differences cannot see.</summary>
[TestClass]
public sealed class ReferenceBackendTests
{
    private const double Tolerance = 1e-12;

    [TestMethod]
    public void A_convolution_does_not_flip_its_kernel() => Values(
        [[1, 1, 3, 3], [1, 1, 2, 2], [1]],
        [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4], [0.5]],
        v => v[0].Conv2D(v[1], v[2]),
        [37.5, 47.5, 67.5, 77.5]);

    [TestMethod]
    public void A_convolution_pads_with_zeros_and_strides_from_the_padding() => Values(
        [[1, 1, 3, 3], [1, 1, 2, 2]],
        [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4]],
        v => v[0].Conv2D(v[1], null, new ConvolutionWindow(2, 1)),
        [4, 18, 36, 77]);

    [TestMethod]
    public void A_convolution_takes_strides_and_paddings_per_axis() => Values(
        [[1, 1, 2, 3], [1, 1, 1, 2]],
        [[1, 2, 3, 4, 5, 6], [10, 1]],
        v => v[0].Conv2D(v[1], null, new ConvolutionWindow(2, 1, 0, 1)),
        [1, 12, 23, 30]);

    [TestMethod]
    public void A_convolution_sums_over_input_channels() => Values(
        [[1, 2, 1, 1], [3, 2, 1, 1]], [[2, 3], [1, 10, 100, 1000, -1, 1]], v => v[0].Conv2D(v[1]), [32, 3200, 1]);

    [TestMethod]
    public void A_matrix_product_serves_all_batches() => Values(
        [[2, 1, 2], [2, 3]], [[1, 2, 3, 4], [1, 2, 3, 4, 5, 6]], v => v[0].MatMul(v[1]), [9, 12, 15, 19, 26, 33]);

    [TestMethod]
    public void A_matrix_product_transposes_where_asked() => Values(
        [[2, 1], [3, 2]], [[1, 2], [1, 2, 3, 4, 5, 6]], v => v[0].MatMul(v[1], transposeLeft: true, transposeRight: true), [5, 11, 17]);

    [TestMethod]
    public void Operands_broadcast_as_in_numpy() => Values(
        [[2, 1], [3]], [[1, 2], [10, 20, 30]], v => v[0] - v[1], [-9, -19, -29, -8, -18, -28]);

    [TestMethod]
    public void A_sum_over_axes_keeps_them_with_size_one() => Values(
        [[2, 3]], [[1, 2, 3, 4, 5, 6]], v => v[0].SumOver(0) + v[0].MeanOver(1), [7, 9, 11, 10, 12, 14]);

    [TestMethod]
    public void A_variance_is_biased() => Values([[4]], [[1, 2, 3, 4]], v => v[0].VarianceOver(), [1.25]);

    [TestMethod]
    public void A_squeeze_is_channel_major_by_default() => Values(
        [[1, 2, 2, 2]], [[0, 1, 2, 3, 4, 5, 6, 7]], v => v[0].Squeeze(), [0, 1, 2, 3, 4, 5, 6, 7]);

    [TestMethod]
    public void The_alternative_squeeze_takes_the_diagonal_first_and_all_channels_of_a_position_together() => Values(
        [[1, 2, 2, 2]], [[0, 1, 2, 3, 4, 5, 6, 7]], v => v[0].Squeeze(SqueezeOrder.Alternative), [0, 4, 3, 7, 1, 5, 2, 6]);

    [TestMethod]
    public void A_squeeze_reads_blocks_row_by_row() => Values(
        [[1, 1, 2, 4]], [[0, 1, 2, 3, 4, 5, 6, 7]], v => v[0].Squeeze(), [0, 2, 1, 3, 4, 6, 5, 7]);

    [TestMethod]
    public void The_density_of_the_standard_normal_is_normalized() => Values(
        [[2, 2]], [[0, 0, 1, -1]], v => v[0].GaussianLogProb(), [-1.8378770664093453, -2.8378770664093453]);

    [TestMethod]
    [DataRow(CouplingForm.ScaleThenShift)]
    [DataRow(CouplingForm.ShiftThenScale)]
    public void A_coupling_changes_what_the_mask_marks(CouplingForm form) => OnReference.Run(backend =>
    {
        using Tensor x = backend.Create([1, 1, 1, 2], [2.0, 5.0]), h = backend.Create([1, 2, 1, 2], [0.5, 0.7, 1.0, 3.0]);
        using Tensor scale = backend.Create([1], [2.0]), mask = backend.Create([1, 1, 2], [1.0, 0.0]);
        using Tensor y = backend.Allocate(x.Shape), logDet = backend.Allocate([1]);

        backend.AffineCoupling(x, h, scale, mask, y, logDet, form);

        double s = 2 * Math.Tanh(0.5), changed = form == CouplingForm.ScaleThenShift ? 2 * Math.Exp(s) + 1 : 3 * Math.Exp(s);
        Close.Check([changed, 5], y.ToDoubles(), Tolerance, "y");
        Close.Check([s], logDet.ToDoubles(), Tolerance, "log_det");
    });

    [TestMethod]
    [DataRow(CouplingForm.ScaleThenShift)]
    [DataRow(CouplingForm.ShiftThenScale)]
    public void A_coupling_is_inverted(CouplingForm form) => OnReference.Run(backend =>
    {
        foreach (Shape scaleShape in (Shape[])[[1], [3], [3, 2, 5]])
        {
            using Tensor x = backend.Normal([4, 3, 2, 5], new NoiseKey(1, 0)), h = backend.Normal([4, 6, 2, 5], new NoiseKey(1, 1));
            using Tensor scale = backend.Normal(scaleShape, new NoiseKey(1, 2)), mask = backend.Create([3, 2, 5], [.. Enumerable.Range(0, 30).Select(i => i % 3 == 0 ? 0.0 : 1)]);
            using Tensor y = backend.Allocate(x.Shape), logDet = backend.Allocate([4]), back = backend.Allocate(x.Shape);

            backend.AffineCoupling(x, h, scale, mask, y, logDet, form);
            backend.AffineCouplingInverse(y, h, scale, mask, back, form);

            Close.Check(x.ToDoubles(), back.ToDoubles(), Tolerance, $"x with scale {scaleShape}");
        }
    });

    [TestMethod]
    public void Batch_norm_uses_the_biased_variance_and_stores_the_unbiased_one() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Create([2, 1, 1, 2], [1.0, 2.0, 3.0, 4.0]), gamma = backend.Full([1], 2), beta = backend.Full([1], 1);
        using Tensor runningMean = backend.Full([1], 10), runningVariance = backend.Full([1], 1);
        using Tensor mean = backend.Allocate([1]), inverseDeviation = backend.Allocate([1]), y = backend.Allocate(x.Shape);

        backend.BatchNorm(x, gamma, beta, runningMean, runningVariance, mean, inverseDeviation, y, new BatchNormSettings(0.05, 0.1, Activation.None));

        double deviation = Math.Sqrt(1.25 + 0.05);
        Close.Check([2.5], mean.ToDoubles(), Tolerance, "mean");
        Close.Check([1 / deviation], inverseDeviation.ToDoubles(), Tolerance, "1/deviation");
        Close.Check([0.9 * 10 + 0.1 * 2.5], runningMean.ToDoubles(), Tolerance, "running mean");
        Close.Check([0.9 + 0.1 * 5 / 3], runningVariance.ToDoubles(), Tolerance, "running variance");
        Close.Check([1 - 3 / deviation, 1 - 1 / deviation, 1 + 1 / deviation, 1 + 3 / deviation], y.ToDoubles(), Tolerance, "y");
    });

    [TestMethod]
    public void Batch_norm_with_running_statistics_leaves_them_alone_and_an_image_to_itself() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Create([1, 2, 1, 1], [3.0, -3.0]), gamma = backend.Create([2], [2.0, 1.0]), beta = backend.Create([2], [1.0, 0.0]);
        using Tensor runningMean = backend.Create([2], [1.0, 1.0]), runningVariance = backend.Create([2], [3.75, 15.75]);
        using Tensor inverseDeviation = backend.Allocate([2]), y = backend.Allocate(x.Shape);

        backend.BatchNormInference(x, gamma, beta, runningMean, runningVariance, inverseDeviation, y, new BatchNormSettings(0.25, 0.1, Activation.Relu));

        Close.Check([3, 0], y.ToDoubles(), Tolerance, "y");
        Close.Check([0.5, 0.25], inverseDeviation.ToDoubles(), Tolerance, "1/deviation");
        Close.Check([1, 1, 3.75, 15.75], [.. runningMean.ToDoubles(), .. runningVariance.ToDoubles()], 0, "running statistics");
    });

    [TestMethod]
    public void A_sum_of_squares_is_one() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Create([3], [1.0, -2.0, 4.0]), y = backend.Allocate([]);
        backend.SumOf<Square>([x], 1, y);
        Assert.AreEqual(21, y.Item());
    });

    private static void Values(Shape[] shapes, double[][] inputs, Func<Var[], Var> function, double[] expected) => OnReference.Run(backend =>
    {
        using Tape tape = new(backend, recording: false);
        Var[] vars = [.. inputs.Select((values, i) => tape.Constant(tape.Own(backend.Create(shapes[i], values))))];
        Close.Check(expected, function(vars).Value.ToDoubles(), Tolerance, "value");
    });
}
