using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Nvp;

[TestClass]
public sealed class FlowTests
{
    private const int Images = 3;

    // Differences of fourth order leave this much of a determinant of 16 rows.
    private const double JacobianTolerance = 1e-7;

    public static IEnumerable<object[]> Flows => FlowCase.Names;

    // Roundings of two or three layers, of which batch norms and splines magnify some.
    private const double Float32Values = 1e-4, Float32Gradients = 1e-3;

    public static IEnumerable<object[]> FlowsAndBackends => FlowCase.NamesAndBackends;

    public static IEnumerable<object[]> FlowsAndFloat32Backends => FlowCase.NamesAndFloat32Backends;

    [TestMethod]
    [DynamicData(nameof(FlowsAndBackends))]
    public void The_inverse_undoes_the_forward_pass(string name, string device) => Devices.Run(device, backend =>
    {
        using FlowUnderTest flow = new(FlowCase.Named(name), backend, Images);
        using Tape tape = new(backend, recording: false);
        Var y = flow.Flow.Forward(tape.Constant(flow.X.Value), Pass.Evaluation).Y;
        Var x = flow.Flow.Inverse(y);
        Close.Check(flow.X.Value.ToDoubles(), x.Value.ToDoubles(), Devices.InverseTolerance(device), name);
    });

    [TestMethod]
    [DynamicData(nameof(Flows))]
    public void The_log_det_is_that_of_the_numerical_Jacobian_of_each_image(string name) => Devices.Run(Devices.Reference, backend =>
    {
        using FlowUnderTest flow = new(FlowCase.Named(name), backend, Images);
        double[] x = flow.X.Value.ToDoubles(), logDet = flow.Forward(x, Images).LogDet;
        Assert.HasCount(Images, logDet);
        double[][] images = [.. x.Chunk(x.Length / Images)];
        double[] expected = [.. images.Select(image => Jacobian.LogDeterminant(moved => flow.Forward(moved, 1).Y, image))];
        Close.Check(expected, logDet, JacobianTolerance, name);
    });

    [TestMethod]
    [DynamicData(nameof(FlowsAndFloat32Backends))]
    public void Values_log_dets_gradients_and_statistics_in_float32_are_those_of_the_specification(string name, string device)
    {
        foreach (Pass pass in (ReadOnlySpan<Pass>)[Pass.Training, Pass.Evaluation])
        {
            ((string What, double[] Values)[] expected, (string What, double[] Values)[] found) = (Outcome(name, pass, Devices.Reference), Outcome(name, pass, device));
            foreach (((string what, double[] values), (_, double[] values32)) in expected.Zip(found))
            {
                Close.Check(values, values32, what == "gradients" ? Float32Gradients : Float32Values, $"{name}, {pass}: {what}");
            }
        }
    }

    public static IEnumerable<object[]> FlowsAndHosts => from name in FlowCase.Names from device in (string[])[Devices.Reference, Devices.Cpu] select new object[] { name[0], device };

    [TestMethod]
    [DynamicData(nameof(FlowsAndHosts))]
    public void In_evaluation_an_image_depends_neither_on_its_batch_nor_on_its_place_there(string name, string device) => Devices.Run(device, backend =>
    {
        using FlowUnderTest flow = new(FlowCase.Named(name), backend, Images);
        double[] x = flow.X.Value.ToDoubles();
        double[][] images = [.. x.Chunk(x.Length / Images)];
        (double[] y, double[] logDet) = flow.Forward(x, Images);
        (double[] Y, double[] LogDet)[] alone = [.. images.Select(image => flow.Forward(image, 1))];
        CollectionAssert.AreEqual(y, alone.SelectMany(one => one.Y).ToArray());
        CollectionAssert.AreEqual(logDet, alone.SelectMany(one => one.LogDet).ToArray());
        (double[] backwards, double[] logDetBackwards) = flow.Forward([.. images.Reverse().SelectMany(image => image)], Images);
        CollectionAssert.AreEqual(y, backwards.Chunk(y.Length / Images).Reverse().SelectMany(image => image).ToArray());
        CollectionAssert.AreEqual(logDet, logDetBackwards.Reverse().ToArray());
    });

    [TestMethod]
    [DynamicData(nameof(Flows))]
    public void Evaluation_changes_no_statistics(string name) => Devices.Run(Devices.Reference, backend =>
    {
        using FlowUnderTest flow = new(FlowCase.Named(name), backend, Images);
        double[] Buffers() => [.. flow.Parameters.Buffers.SelectMany(buffer => buffer.Value.ToDoubles())];
        double[] before = Buffers();
        flow.Forward(flow.X.Value.ToDoubles(), Images);
        CollectionAssert.AreEqual(before, Buffers());
    });

    [TestMethod]
    [DynamicData(nameof(Flows))]
    public void Gradients_in_training_agree_with_finite_differences(string name) => CheckGradients(name, Pass.Training);

    [TestMethod]
    [DynamicData(nameof(Flows))]
    public void Gradients_in_evaluation_agree_with_finite_differences(string name) => CheckGradients(name, Pass.Evaluation);

    [TestMethod]
    [DataRow(5)]
    [DataRow(101)]
    public void One_wrong_element_of_a_gradient_is_seen_by_the_check(int elements) => Devices.Run(Devices.Reference, backend =>
    {
        using ParameterSet parameters = ParameterSet.Create(backend, seed: 1, root => root.Parameter("p", [elements], Initializers.FanIn(1)), out Parameter p);
        Var Loss(Tape tape, double wrong)
        {
            Var x = p.On(tape), loss = x.Square().Sum();

            // What is differentiated lacks a term of the last element but one.
            return tape.IsRecording ? loss : loss + x.Slice(0, elements - 2, 1).Sum() * wrong;
        }

        ParameterGradients.Check(parameters, tape => Loss(tape, 0));
        Assert.ThrowsExactly<AssertFailedException>(() => ParameterGradients.Check(parameters, tape => Loss(tape, 1e-3)));
    });

    private static (string What, double[] Values)[] Outcome(string name, Pass pass, string device)
    {
        (string, double[])[] outcome = [];
        Devices.Run(device, backend =>
        {
            using FlowUnderTest flow = new(FlowCase.Named(name), backend, Images);
            using Tape tape = new(backend);
            (Var y, Var logDet) = flow.Flow.Forward(flow.X.On(tape), pass);
            double[] values = y.Value.ToDoubles(), logDets = logDet.Value.ToDoubles();
            tape.Backward(Weighted(y, 1) + Weighted(logDet, 2));
            outcome =
            [
                ("y", values),
                ("log_det", logDets),

                // All together: those of biases before a batch norm are 0 but for rounding errors of the others' size.
                ("gradients", flow.Parameters.Gradients.ToDoubles()),
                .. flow.Parameters.Buffers.Select(buffer => (buffer.Name, buffer.Value.ToDoubles())),
            ];
        });
        return outcome;
    }

    private static void CheckGradients(string name, Pass pass) => Devices.Run(Devices.Reference, backend =>
    {
        using FlowUnderTest flow = new(FlowCase.Named(name), backend, Images);
        ParameterGradients.Check(flow.Parameters, tape =>
        {
            (Var y, Var logDet) = flow.Flow.Forward(flow.X.On(tape), pass);
            return Weighted(y, 1) + Weighted(logDet, 2);
        });
    });

    // Weights keep the incoming gradient from being constant.
    private static Var Weighted(Var y, ulong stream)
    {
        Tensor weights = y.Tape.Own(y.Backend.Uniform(y.Shape, new NoiseKey(3, stream)));
        return ((y * y.Tape.Constant(weights)) + y.Square() * 0.1).Sum();
    }
}
