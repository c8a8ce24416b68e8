using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Distributions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Tests.Nvp;

/// <summary>A flow fitted to samples of a density whose entropy is known: the best that any model can reach.</summary>
[TestClass]
public sealed class DensityFitTests
{
    private const double Spread = 0.3, Bend = 0.5, Angle = 0.5;

    // Two independent normals, of deviations 1 and Spread; bending and rotating changes no volume.
    private static readonly double Entropy = Math.Log(2 * Math.PI * Math.E) + Math.Log(Spread);

    [TestMethod]
    public void A_flow_of_the_plane_reaches_the_entropy_of_a_rotated_banana() => Devices.Run(Devices.Cpu, backend =>
    {
        const int Couplings = 6, Steps = 1500, Batch = 256, Held = 40_000;
        const double LearningRate = 5e-3;
        using ParameterSet parameters = ParameterSet.Create(
            backend, seed: 3, root => new Chain([.. Enumerable.Range(0, Couplings).SelectMany(i => Step(root / i, i))]), out Chain flow);
        using AdamOptimizer optimizer = new(parameters, LearningRate, clipNorm: 5);
        for (int step = 0; step < Steps; step++)
        {
            optimizer.SetLearningRate(LearningRate * (1 + Math.Cos(Math.PI * step / Steps)) / 2);
            using Tensor x = Banana(backend, Batch, stream: (ulong)step + 1);
            using Tape tape = new(backend);
            tape.Backward(-LogProb(flow, tape.Constant(x), Pass.Training).Mean());
            optimizer.Step();
        }

        using Tensor held = Banana(backend, Held, stream: 0);
        using Tape still = new(backend, recording: false);
        double nll = -LogProb(flow, still.Constant(held), Pass.Evaluation).Value.ToDoubles().Average();

        // The standard error of so many samples is 0.005.
        Assert.AreEqual(Entropy, nll, 0.02);
    });

    private static IFlow[] Step(ParameterScope scope, int index) =>
    [
        new InvertibleConvolution(scope / "rotation", 2),
        new HalfCoupling(
            scope / "coupling", [2, 1, 1], changesSecond: index % 2 == 0, new DenseNet(scope / "coupling" / "net", 1, 2, 32),
            (scope / "coupling").Parameter("scale", [1], Initializers.One)),
    ];

    private static Var LogProb(Chain flow, Var x, Pass pass)
    {
        (Var z, Var logDet) = flow.Forward(x, pass);
        return new StandardNormal().LogProb(z) + logDet;
    }

    private static Tensor Banana(IBackend backend, int count, ulong stream)
    {
        using Tensor noise = backend.Normal([count, 2], new NoiseKey(5, stream));
        double[] values = noise.ToDoubles();
        for (int i = 0; i < values.Length; i += 2)
        {
            double u = values[i], v = Spread * values[i + 1] + Bend * u * u;
            (values[i], values[i + 1]) = (Math.Cos(Angle) * u - Math.Sin(Angle) * v, Math.Sin(Angle) * u + Math.Cos(Angle) * v);
        }

        return backend.Create([count, 2, 1, 1], values);
    }
}
