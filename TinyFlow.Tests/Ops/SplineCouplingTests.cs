using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Tests.Backends;
using TinyFlow.Tests.Nvp;

namespace TinyFlow.Tests.Ops;

[TestClass]
[TestCategory("VectorWidth")]
public sealed class SplineCouplingTests
{
    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void The_inverse_gives_back_x(string device) => Devices.Run(device, backend =>
    {
        foreach (int bins in (int[])[2, 3, 8, 13])
        {
            CoupledImages coupled = Coupled(backend, bins, furthest: 4, spread: 1.5);
            Close.Check(coupled.X, coupled.Inverse(), Devices.InverseTolerance(device), $"{bins} bins");
        }
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void With_extreme_parameters_the_inverse_is_as_close_as_slopes_allow(string device) => Devices.Run(device, backend =>
    {
        // Where the spline is flat y does not say where x is, and where it is steep x does not say where y is: one of the
        // two is close.
        CoupledImages coupled = Coupled(backend, bins: 8, furthest: 3, spread: 20);
        double[] x = coupled.Inverse(), y = coupled.Forward(x).Y, logDet = coupled.Forward(x).LogDet;
        double[] errors = [.. x.Select((value, i) => Math.Min(Math.Abs(value - coupled.X[i]), Math.Abs(y[i] - coupled.Y[i])))];
        Close.Check(new double[errors.Length], errors, Devices.InverseTolerance(device), "the smaller of the errors of x and y");
        Assert.IsTrue(logDet.All(double.IsFinite), "log_det");
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void Just_below_a_knot_behind_a_steep_bin_the_inverse_has_a_root(string device) => Devices.Run(device, backend =>
    {
        // Among these are some in which b² − 4ac, as it stands in the paper, comes out negative in float32.
        const int Side = 128, Plane = Side * Side;
        double[] values = new Operand([5 * Plane], (i, u) => i / Plane < 4 ? 8 * u - 4 : 23 * u - 20).Values(5, 0);
        double Parameter(int number, int pixel) => values[number * Plane + pixel];
        double[] expected = [.. Enumerable.Range(0, Plane).Select(i => SplineOperands.Knots([Parameter(0, i), Parameter(1, i)])[1])];
        double[] below = [.. Enumerable.Range(0, Plane).Select(i => SplineOperands.Knots([Parameter(2, i), Parameter(3, i)])[1] - (1 + i % 8) * 2.4e-7)];
        using Tensor y = backend.Create([1, 1, Side, Side], below), h = backend.Create([1, 5, Side, Side], values);
        using Tape tape = new(backend, recording: false);
        double[] found = tape.Constant(y).RationalQuadraticCouplingInverse(tape.Constant(h), new ChannelRange(0, 1)).Value.ToDoubles();

        // At a slope of 10⁻³ a few roundings of y are 2·10⁻³ of x.
        for (int i = 0; i < Plane; i++)
        {
            Assert.AreEqual(expected[i], found[i], 5e-3, $"element {i}");
        }
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void A_knot_is_mapped_to_its_height_with_its_derivative(string device) => Devices.Run(device, backend =>
    {
        double[] widths = [0.4, -0.3, 1.1], heights = [-0.7, 0.9, 0.2], derivatives = [0.8, -1.2];
        double[] x = SplineOperands.Knots(widths), y = SplineOperands.Knots(heights);
        using Tensor h = backend.Create([1, 8, 1, 1], [.. widths, .. heights, .. derivatives]);
        for (int knot = 0; knot <= 3; knot++)
        {
            double slope = knot is 0 or 3 ? 1 : 1e-3 + Math.Log(1 + Math.Exp(derivatives[knot - 1]));
            (double found, double logDet) = Forward(backend, x[knot], h);
            Assert.AreEqual(y[knot], found, Devices.InverseTolerance(device), $"knot {knot}");
            Assert.AreEqual(Math.Log(slope), logDet, Devices.InverseTolerance(device), $"log_det at knot {knot}");
        }
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void Within_a_bin_it_is_the_papers_curve(string device) => Devices.Run(device, backend =>
    {
        // Durkan et al. 2019, equations 4 and 5, as they stand there, with the second of two bins.
        double[] widths = [0.5, -0.5], heights = [-0.25, 0.75];
        double[] xs = SplineOperands.Knots(widths), ys = SplineOperands.Knots(heights);
        using Tensor h = backend.Create([1, 5, 1, 1], [.. widths, .. heights, 0.5]);
        double d0 = 1e-3 + Math.Log(1 + Math.Exp(0.5)), d1 = 1, x = 2.25, width = xs[2] - xs[1], height = ys[2] - ys[1], s = height / width;
        double xi = (x - xs[1]) / width, product = xi * (1 - xi), denominator = s + (d1 + d0 - 2 * s) * product;
        (double found, double logDet) = Forward(backend, x, h);
        Assert.AreEqual(ys[1] + height * (s * xi * xi + d0 * product) / denominator, found, Devices.InverseTolerance(device), "y");
        double slope = s * s * (d1 * xi * xi + 2 * s * product + d0 * (1 - xi) * (1 - xi)) / (denominator * denominator);
        Assert.AreEqual(Math.Log(slope), logDet, Devices.InverseTolerance(device), "log_det");
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void Beyond_the_box_it_is_the_identity_whatever_the_parameters(string device) => Devices.Run(device, backend =>
    {
        foreach (double at in (double[])[-1e30, -40, -3.0000005, -3, 3, 3.0000005, 40, 1e30])
        {
            using Tensor x = backend.Create([1, 2, 1, 1], [0.5, at]), h = backend.Create([1, 5, 1, 1], [50, -50, -80, 80, 90]);
            using Tape tape = new(backend);
            Var input = tape.Input(x), parameters = tape.Input(h);
            (Var y, Var logDet) = input.RationalQuadraticCoupling(parameters, CoupledImages.Second);
            CollectionAssert.AreEqual(x.ToDoubles(), y.Value.ToDoubles());
            CollectionAssert.AreEqual(x.ToDoubles(), input.RationalQuadraticCouplingInverse(parameters, CoupledImages.Second).Value.ToDoubles());
            Assert.AreEqual(0, logDet.Value[0]);
            tape.Backward(y.Sum() + logDet.Sum());
            CollectionAssert.AreEqual((double[])[1, 1], input.Gradient.ToDoubles());
            CollectionAssert.AreEqual(new double[5], parameters.Gradient.ToDoubles());
        }
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void Extreme_parameters_have_finite_gradients_inside_of_the_box_and_outside(string device) => Devices.Run(device, backend =>
    {
        foreach (double spread in (double[])[20, 300, 1e4])
        {
            CoupledImages coupled = Coupled(backend, bins: 8, furthest: 4, spread);
            (double[] dx, double[] dh) = coupled.Gradients();
            Assert.IsTrue(coupled.Y.All(double.IsFinite) && coupled.Inverse().All(double.IsFinite), $"values at {spread}");
            Assert.IsTrue(dx.All(double.IsFinite) && dh.All(double.IsFinite), $"gradients at {spread}");
        }
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void An_image_does_not_depend_on_its_batch(string device) => Devices.Run(device, backend =>
    {
        CoupledImages coupled = Coupled(backend, bins: 5, furthest: 4, spread: 2);
        double[] inverse = coupled.Inverse();
        for (int image = 0; image < CoupledImages.Count; image++)
        {
            CoupledImages alone = coupled.Image(image);
            CollectionAssert.AreEqual(CoupledImages.Part(coupled.Y, image), alone.Y);
            CollectionAssert.AreEqual(CoupledImages.Part(inverse, image), alone.Inverse());
        }
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void A_value_that_is_no_number_comes_out_as_one_that_is_none(string device) => Devices.Run(device, backend =>
    {
        using Tensor x = backend.Create([1, 2, 1, 1], [7.0, double.NaN]), h = backend.Zeros([1, 8, 1, 1]);
        using Tape tape = new(backend, recording: false);
        (Var y, Var logDet) = tape.Constant(x).RationalQuadraticCoupling(tape.Constant(h), CoupledImages.Second);
        Assert.IsTrue(double.IsNaN(y.Value[0, 1, 0, 0]) && double.IsNaN(logDet.Value[0]));
        Assert.IsTrue(double.IsNaN(tape.Constant(x).RationalQuadraticCouplingInverse(tape.Constant(h), CoupledImages.Second).Value[0, 1, 0, 0]));
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void Parameters_that_are_no_numbers_do_not_go_unnoticed(string device) => Devices.Run(device, backend =>
    {
        for (int parameter = 0; parameter < 5; parameter++)
        {
            double[] values = new double[5];
            values[parameter] = double.NaN;
            using Tensor h = backend.Create([1, 5, 1, 1], values);
            (double y, double logDet) = Forward(backend, 0.5, h);
            Assert.IsTrue(double.IsNaN(y) && double.IsNaN(logDet), $"parameter {parameter}: {y}, {logDet}");
        }
    });

    [TestMethod]
    public void Parameters_that_do_not_fit_are_named() => Devices.Run(Devices.Reference, backend =>
    {
        using Tensor x = backend.Zeros([2, 2, 3, 3]), h = backend.Zeros([2, 7, 3, 3]), one = backend.Zeros([2, 2, 3, 3]);
        using Tape tape = new(backend);
        OnReference.Throws<ArgumentException>(() => tape.Input(x).RationalQuadraticCoupling(tape.Input(h), CoupledImages.Second), "(3K − 1)·1", "[2, 2, 3, 3]", "[2, 7, 3, 3]");
        OnReference.Throws<ArgumentException>(() => tape.Input(x).RationalQuadraticCoupling(tape.Input(one), CoupledImages.Second), "K from 2 to 500");
        OnReference.Throws<ArgumentException>(() => tape.Input(x).RationalQuadraticCoupling(tape.Input(h), new ChannelRange(1, 2)), "channels 1 to 2", "[2, 2, 3, 3]");
    });

    private static CoupledImages Coupled(IBackend backend, int bins, double furthest, double spread) => new(
        backend, RationalQuadraticSplines.RationalQuadraticCoupling, RationalQuadraticSplines.RationalQuadraticCouplingInverse,
        furthest, 3 * bins - 1, (_, u) => spread * (2 * u - 1));

    private static (double Y, double LogDet) Forward(IBackend backend, double at, Tensor h)
    {
        using Tensor x = backend.Create([1, 1, 1, 1], [at]);
        using Tape tape = new(backend, recording: false);
        (Var y, Var logDet) = tape.Constant(x).RationalQuadraticCoupling(tape.Constant(h), new ChannelRange(0, 1));
        return (y.Value[0, 0, 0, 0], logDet.Value[0]);
    }
}
