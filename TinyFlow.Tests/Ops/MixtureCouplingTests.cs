using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Tests.Backends;
using TinyFlow.Tests.Nvp;

namespace TinyFlow.Tests.Ops;

[TestClass]
[TestCategory("VectorWidth")]
public sealed class MixtureCouplingTests
{
    private static readonly ChannelRange Second = new(1, 1);

    public static IEnumerable<object[]> Backends => Devices.Names.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Backends))]
    public void The_inverse_gives_back_x(string device) => Devices.Run(device, backend =>
    {
        foreach (int components in (int[])[1, 2, 4, 7])
        {
            Coupled coupled = new(backend, components, spread: 1.5, smallestLogScale: -1.5);
            Close.Check(coupled.X, coupled.Inverse(), Devices.InverseTolerance(device), $"{components} components");
        }
    });

    [TestMethod]
    [DynamicData(nameof(Backends))]
    public void With_extreme_parameters_the_inverse_is_mapped_to_y_again(string device) => Devices.Run(device, backend =>
    {
        // Between narrow components far apart y hardly depends on x: there y says where x is, not x.
        Coupled coupled = new(backend, components: 4, spread: 30, smallestLogScale: -12);
        double[] again = coupled.Forward(coupled.Inverse()).Y;
        Close.Check(coupled.Y, again, Devices.InverseTolerance(device), "y");
    });

    [TestMethod]
    [DynamicData(nameof(Backends))]
    public void Values_far_in_the_tails_stay_finite(string device) => Devices.Run(device, backend =>
    {
        Coupled coupled = new(backend, components: 3, spread: 5000, smallestLogScale: -12);
        Assert.IsTrue(coupled.Y.All(double.IsFinite), "y");
        Assert.IsTrue(coupled.Forward(coupled.X).LogDet.All(double.IsFinite), "log_det");
    });

    [TestMethod]
    [DynamicData(nameof(Backends))]
    public void One_component_is_an_affine_coupling(string device) => Devices.Run(device, backend =>
    {
        // a, t, a weight that does not matter, μ, s.
        using Tensor x = backend.Create([1, 2, 1, 1], [7.0, 0.75]), h = backend.Create([1, 5, 1, 1], [0.5, -2, 3, 0.25, -1.0]);
        using Tape tape = new(backend, recording: false);
        (Var y, Var logDet) = tape.Constant(x).LogisticMixtureCoupling(tape.Constant(h), Second);
        double r = 2 * Math.Tanh(0.25);
        Close.Check([7, 0.5 * Math.E * Math.Exp(r) - 2], y.Value.ToDoubles(), Devices.InverseTolerance(device), "y");
        Close.Check([1 + r], logDet.Value.ToDoubles(), Devices.InverseTolerance(device), "log_det");
    });

    [TestMethod]
    [DynamicData(nameof(Backends))]
    public void An_image_does_not_depend_on_its_batch(string device) => Devices.Run(device, backend =>
    {
        Coupled coupled = new(backend, components: 3, spread: 3, smallestLogScale: -3);
        double[] inverse = coupled.Inverse();
        for (int image = 0; image < Coupled.Images; image++)
        {
            Coupled alone = coupled.Image(image);
            CollectionAssert.AreEqual(Coupled.Part(coupled.Y, image), alone.Y);
            CollectionAssert.AreEqual(Coupled.Part(inverse, image), alone.Inverse());
        }
    });

    [TestMethod]
    public void A_component_wider_than_all_numbers_does_not_spoil_the_inverse() => Devices.Run(Devices.Cpu, backend =>
    {
        // e^100 is beyond float32. The second component, with nearly all the weight, decides.
        using Tensor y = backend.Create([1, 2, 1, 1], [7.0, 1.5]), h = backend.Create([1, 8, 1, 1], [0, 0, -12, 12, 0, 0.5, 100, 0]);
        using Tape tape = new(backend, recording: false);
        Assert.AreEqual(2, tape.Constant(y).LogisticMixtureCouplingInverse(tape.Constant(h), Second).Value[0, 1, 0, 0], 1e-4);
    });

    [TestMethod]
    public void A_value_that_is_no_number_comes_out_as_one_that_is_none() => Devices.Run(Devices.Cpu, backend =>
    {
        using Tensor x = backend.Create([1, 2, 1, 1], [7.0, double.NaN]), h = backend.Zeros([1, 8, 1, 1]);
        using Tape tape = new(backend, recording: false);
        (Var y, Var logDet) = tape.Constant(x).LogisticMixtureCoupling(tape.Constant(h), Second);
        Assert.IsTrue(double.IsNaN(y.Value[0, 1, 0, 0]) && double.IsNaN(logDet.Value[0]));
        Assert.IsTrue(double.IsNaN(tape.Constant(x).LogisticMixtureCouplingInverse(tape.Constant(h), Second).Value[0, 1, 0, 0]));
    });

    [TestMethod]
    public void Parameters_that_do_not_fit_are_named() => Devices.Run(Devices.Reference, backend =>
    {
        using Tensor x = backend.Zeros([2, 2, 3, 3]), h = backend.Zeros([2, 7, 3, 3]);
        using Tape tape = new(backend);
        OnReference.Throws<ArgumentException>(() => tape.Input(x).LogisticMixtureCoupling(tape.Input(h), Second), "(2 + 3K)·1", "[2, 2, 3, 3]", "[2, 7, 3, 3]");
        OnReference.Throws<ArgumentException>(() => tape.Input(x).LogisticMixtureCoupling(tape.Input(h), new ChannelRange(1, 2)), "channels 1 to 2", "[2, 2, 3, 3]");
    });

    /// <summary>A coupling with parameters drawn at random.</summary>
    private sealed record Coupled
    {
        public const int Images = 3;
        private readonly IBackend _backend;
        private readonly Shape _image = [2, 5, 7];
        private readonly double[] _h;

        public Coupled(IBackend backend, int components, double spread, double smallestLogScale)
        {
            int plane = _image[1] * _image[2], parameters = 2 + 3 * components;
            _backend = backend;
            X = Operand.Between([Images * 2 * plane], -2 * spread, 2 * spread).Values(3, 0);
            _h = new Operand([Images * parameters * plane], (i, u) =>
            {
                int parameter = i / plane % parameters;
                return parameter < 2 + components ? 3 * u - 1.5 : parameter < 2 + 2 * components ? spread * (2 * u - 1) : smallestLogScale * u + 1;
            }).Values(3, 1);
            Y = Forward(X).Y;
        }

        private Coupled(IBackend backend, double[] x, double[] h)
        {
            (_backend, X, _h) = (backend, x, h);
            Y = Forward(X).Y;
        }

        public double[] X { get; }

        public double[] Y { get; }

        public static double[] Part(double[] values, int image) => values.AsSpan(image * values.Length / Images, values.Length / Images).ToArray();

        public Coupled Image(int image) => new(_backend, Part(X, image), Part(_h, image));

        public (double[] Y, double[] LogDet) Forward(double[] x) => On((tape, input, h) =>
        {
            (Var y, Var logDet) = tape.Constant(input).LogisticMixtureCoupling(h, Second);
            return (y.Value.ToDoubles(), logDet.Value.ToDoubles());
        }, x);

        public double[] Inverse() => On((tape, y, h) => tape.Constant(y).LogisticMixtureCouplingInverse(h, Second).Value.ToDoubles(), Y);

        private T On<T>(Func<Tape, Tensor, Var, T> compute, double[] values)
        {
            int images = values.Length / (int)_image.Count, plane = _image[1] * _image[2];
            using Tensor input = _backend.Create([images, 2, _image[1], _image[2]], values);
            using Tensor h = _backend.Create([images, _h.Length / images / plane, _image[1], _image[2]], _h);
            using Tape tape = new(_backend, recording: false);
            return compute(tape, input, tape.Constant(h));
        }
    }
}
