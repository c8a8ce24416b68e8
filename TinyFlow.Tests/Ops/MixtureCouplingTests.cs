using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Tests.Backends;
using TinyFlow.Tests.Nvp;

namespace TinyFlow.Tests.Ops;

[TestClass]
[TestCategory("VectorWidth")]
public sealed class MixtureCouplingTests
{
    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void The_inverse_gives_back_x(string device) => Devices.Run(device, backend =>
    {
        foreach (int components in (int[])[1, 2, 4, 7])
        {
            CoupledImages coupled = Coupled(backend, components, spread: 1.5, smallestLogScale: -1.5);
            Close.Check(coupled.X, coupled.Inverse(), Devices.InverseTolerance(device), $"{components} components");
        }
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void With_extreme_parameters_the_inverse_is_mapped_to_y_again(string device) => Devices.Run(device, backend =>
    {
        // Between narrow components far apart y hardly depends on x: there y says where x is, not x.
        CoupledImages coupled = Coupled(backend, components: 4, spread: 30, smallestLogScale: -12);
        double[] again = coupled.Forward(coupled.Inverse()).Y;
        Close.Check(coupled.Y, again, Devices.InverseTolerance(device), "y");
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void Values_far_in_the_tails_stay_finite(string device) => Devices.Run(device, backend =>
    {
        CoupledImages coupled = Coupled(backend, components: 3, spread: 5000, smallestLogScale: -12);
        Assert.IsTrue(coupled.Y.All(double.IsFinite), "y");
        Assert.IsTrue(coupled.Forward(coupled.X).LogDet.All(double.IsFinite), "log_det");
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void One_component_is_an_affine_coupling(string device) => Devices.Run(device, backend =>
    {
        // a, t, a weight that does not matter, μ, s.
        using Tensor x = backend.Create([1, 2, 1, 1], [7.0, 0.75]), h = backend.Create([1, 5, 1, 1], [0.5, -2, 3, 0.25, -1.0]);
        using Tape tape = new(backend, recording: false);
        (Var y, Var logDet) = tape.Constant(x).LogisticMixtureCoupling(tape.Constant(h), CoupledImages.Second);
        double r = 2 * Math.Tanh(0.25);
        Close.Check([7, 0.5 * Math.E * Math.Exp(r) - 2], y.Value.ToDoubles(), Devices.InverseTolerance(device), "y");
        Close.Check([1 + r], logDet.Value.ToDoubles(), Devices.InverseTolerance(device), "log_det");
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void An_image_does_not_depend_on_its_batch(string device) => Devices.Run(device, backend =>
    {
        CoupledImages coupled = Coupled(backend, components: 3, spread: 3, smallestLogScale: -3);
        double[] inverse = coupled.Inverse();
        for (int image = 0; image < CoupledImages.Count; image++)
        {
            CoupledImages alone = coupled.Image(image);
            CollectionAssert.AreEqual(CoupledImages.Part(coupled.Y, image), alone.Y);
            CollectionAssert.AreEqual(CoupledImages.Part(inverse, image), alone.Inverse());
        }
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Float32Rows), typeof(Devices))]
    public void A_component_wider_than_all_numbers_does_not_spoil_the_inverse(string device) => Devices.Run(device, backend =>
    {
        // e^100 is beyond float32. The second component, with nearly all the weight, decides.
        using Tensor y = backend.Create([1, 2, 1, 1], [7.0, 1.5]), h = backend.Create([1, 8, 1, 1], [0, 0, -12, 12, 0, 0.5, 100, 0]);
        using Tape tape = new(backend, recording: false);
        Assert.AreEqual(2, tape.Constant(y).LogisticMixtureCouplingInverse(tape.Constant(h), CoupledImages.Second).Value[0, 1, 0, 0], 1e-4);
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Float32Rows), typeof(Devices))]
    public void A_value_that_is_no_number_comes_out_as_one_that_is_none(string device) => Devices.Run(device, backend =>
    {
        using Tensor x = backend.Create([1, 2, 1, 1], [7.0, double.NaN]), h = backend.Zeros([1, 8, 1, 1]);
        using Tape tape = new(backend, recording: false);
        (Var y, Var logDet) = tape.Constant(x).LogisticMixtureCoupling(tape.Constant(h), CoupledImages.Second);
        Assert.IsTrue(double.IsNaN(y.Value[0, 1, 0, 0]) && double.IsNaN(logDet.Value[0]));
        Assert.IsTrue(double.IsNaN(tape.Constant(x).LogisticMixtureCouplingInverse(tape.Constant(h), CoupledImages.Second).Value[0, 1, 0, 0]));
    });

    [TestMethod]
    public void Parameters_that_do_not_fit_are_named() => Devices.Run(Devices.Reference, backend =>
    {
        using Tensor x = backend.Zeros([2, 2, 3, 3]), h = backend.Zeros([2, 7, 3, 3]);
        using Tape tape = new(backend);
        OnReference.Throws<ArgumentException>(() => tape.Input(x).LogisticMixtureCoupling(tape.Input(h), CoupledImages.Second), "(2 + 3K)·1", "[2, 2, 3, 3]", "[2, 7, 3, 3]");
        OnReference.Throws<ArgumentException>(() => tape.Input(x).LogisticMixtureCoupling(tape.Input(h), new ChannelRange(1, 2)), "channels 1 to 2", "[2, 2, 3, 3]");
    });

    private static CoupledImages Coupled(IBackend backend, int components, double spread, double smallestLogScale) => new(
        backend, LogisticMixtures.LogisticMixtureCoupling, LogisticMixtures.LogisticMixtureCouplingInverse, 2 * spread, 2 + 3 * components,
        (parameter, u) => parameter < 2 + components ? 3 * u - 1.5 : parameter < 2 + 2 * components ? spread * (2 * u - 1) : smallestLogScale * u + 1);
}
