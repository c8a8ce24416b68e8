using TinyFlow.Autograd;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Tests.Backends;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Nvp;

[TestClass]
public sealed class FlowBatchNormTests
{
    private const double Epsilon = 1e-5;

    // Two images of one channel and two pixels: mean 4, biased variance 5, unbiased 20/3.
    private static readonly double[] Pixels = [1, 3, 5, 7];

    [TestMethod]
    public void The_statistics_of_the_batch_make_its_mean_0_and_its_biased_variance_1() => Train(FlowStatistics.Batch, momentum: 0.1, (y, logDet, _) =>
    {
        Close.Check([.. Pixels.Select(x => (x - 4) / Math.Sqrt(5 + Epsilon))], y, 1e-12, "y");

        // Two pixels of an image.
        Close.Check([-Math.Log(5 + Epsilon), -Math.Log(5 + Epsilon)], logDet, 1e-12, "log_det");
    });

    [TestMethod]
    public void Updated_running_statistics_are_the_ones_that_it_normalizes_with() => Train(FlowStatistics.UpdatedRunning, momentum: 0.25, (y, logDet, buffers) =>
    {
        double mean = 0.25 * 4, variance = 0.75 + 0.25 * 20 / 3;
        Close.Check([mean, variance], buffers, 1e-12, "running statistics");
        Close.Check([.. Pixels.Select(x => (x - mean) / Math.Sqrt(variance + Epsilon))], y, 1e-12, "y");
        Close.Check([-Math.Log(variance + Epsilon), -Math.Log(variance + Epsilon)], logDet, 1e-12, "log_det");
    });

    [TestMethod]
    public void Either_way_the_running_statistics_take_the_unbiased_variance() => Train(FlowStatistics.Batch, momentum: 0.25, (_, _, buffers) =>
        Close.Check([0.25 * 4, 0.75 + 0.25 * 20 / 3], buffers, 1e-12, "running statistics"));

    [TestMethod]
    public void A_single_value_has_no_statistics() => Devices.Run(Devices.Reference, backend =>
    {
        using ParameterSet parameters = ParameterSet.Create(backend, 0, root => new FlowBatchNorm(root, 1, FlowStatistics.Batch, 0.1), out FlowBatchNorm norm);
        using Tensor x = backend.Zeros([1, 1, 1, 1]);
        using Tape tape = new(backend);
        OnReference.Throws<ArgumentException>(() => norm.Forward(tape.Constant(x), Pass.Training), "at least 2 values", "[1, 1, 1, 1]");
    });

    private static void Train(FlowStatistics statistics, double momentum, Action<double[], double[], double[]> check) => Devices.Run(Devices.Reference, backend =>
    {
        using ParameterSet parameters = ParameterSet.Create(backend, 0, root => new FlowBatchNorm(root, 1, statistics, momentum), out FlowBatchNorm norm);
        using Tensor x = backend.Create([2, 1, 1, 2], Pixels);
        using Tape tape = new(backend, recording: false);
        (Var y, Var logDet) = norm.Forward(tape.Constant(x), Pass.Training);
        check(y.Value.ToDoubles(), logDet.Value.ToDoubles(), [.. parameters.Buffers.SelectMany(buffer => buffer.Value.ToDoubles())]);
    });
}
