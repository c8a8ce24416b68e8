using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Tests.Nvp;

[TestClass]
public sealed class FactorOutTests
{
    private static readonly double[] Numbers = [.. Enumerable.Range(0, 16).Select(i => (double)i)];

    [TestMethod]
    public void In_place_the_parts_are_where_they_were() =>
        CollectionAssert.AreEqual(Numbers, ForwardOf([4, 2, 2], new FactorOut([4, 2, 2], new Chain(), FactorOutLayout.InPlace)));

    [TestMethod]
    public void Flat_the_parts_stand_in_the_order_in_which_they_left()
    {
        FactorOut second = new([2, 2, 2], new Flatten([1, 2, 2]), FactorOutLayout.Flat);
        double[] y = ForwardOf([4, 2, 2], new FactorOut([4, 2, 2], second, FactorOutLayout.Flat));
        CollectionAssert.AreEqual((double[])[8, 9, 10, 11, 12, 13, 14, 15, 4, 5, 6, 7, 0, 1, 2, 3], y);
    }

    [TestMethod]
    public void A_learned_prior_standardizes_by_the_mean_and_deviation_that_the_net_gives() => Devices.Run(Devices.Reference, backend =>
    {
        using Tensor x = backend.Create([1, 2, 1, 1], (ReadOnlySpan<double>)[3, 7]);
        using Tape tape = new(backend, recording: false);
        FactorOut flow = new([2, 1, 1], new Chain(), FactorOutLayout.InPlace, new ConditionalGaussian(new MeanAndLogScale()));
        (Var y, Var logDet) = flow.Forward(tape.Constant(x), Pass.Evaluation);
        double[] expected = [3, (7 - 3) * Math.Exp(-1.5)];
        CollectionAssert.AreEqual(expected, y.Value.ToDoubles());
        Assert.AreEqual(-1.5, logDet.Value.Item());
    });

    [TestMethod]
    public void The_inner_flow_starts_from_the_channels_that_go_on() => Devices.Run(Devices.Reference, backend =>
    {
        using ParameterSet parameters = ParameterSet.Create(
            backend, seed: 0, root => new FactorOut([2, 1, 1], new ActNorm(root, 1), FactorOutLayout.InPlace), out FactorOut flow);
        using Tensor x = backend.Create([2, 2, 1, 1], (ReadOnlySpan<double>)[1, 50, 5, 90]);
        using Tape tape = new(backend, recording: false);
        flow.Initialize(tape.Constant(x));
        Assert.AreEqual(-3.0, parameters.Parameters.Single(parameter => parameter.Name == "bias").Value.Item());
    });

    [TestMethod]
    public void One_channel_cannot_be_parted() =>
        Assert.Contains("at least 2 channels", Assert.ThrowsExactly<ArgumentException>(() => new FactorOut([1, 4, 4], new Chain(), FactorOutLayout.Flat)).Message);

    private static double[] ForwardOf(Shape image, IFlow flow)
    {
        using IBackend backend = Devices.Create(Devices.Reference);
        using Tensor x = backend.Create([1, image[0], image[1], image[2]], Numbers);
        using Tape tape = new(backend, recording: false);
        return flow.Forward(tape.Constant(x), Pass.Evaluation).Y.Value.ToDoubles();
    }

    private sealed class MeanAndLogScale : INet
    {
        public Var Forward(Var x, Pass pass) => Movement.Concat(1, x, x * 0.5);
    }
}
