using TinyFlow.Autograd;
using TinyFlow.Nvp;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Tests.Nvp;

/// <summary>A flow whose parameters and statistics have been moved away from their start, and images for it.</summary>
internal sealed class FlowUnderTest : IDisposable
{
    public FlowUnderTest(FlowCase flow, IBackend backend, int images)
    {
        Shape image = flow.Image;
        Shape batch = [images, image[0], image[1], image[2]];

        // The input is a parameter too, so that its gradient is checked with the others.
        Parameters = ParameterSet.Create(
            backend, seed: 5, root => (flow.Build(root / "flow"), root.Parameter("x", batch, (s, noise) => Inside(noise.Uniforms(s.Count)))),
            out (IFlow Flow, Parameter X) declared);
        (Flow, X) = declared;
        Disturb(Parameters);
    }

    public ParameterSet Parameters { get; }

    public IFlow Flow { get; }

    public Parameter X { get; }

    public IBackend Backend => Parameters.Backend;

    /// <summary>Moves all parameters and running statistics, so that nothing is zero or one by accident.</summary>
    public static void Disturb(ParameterSet parameters)
    {
        Move([.. parameters.Parameters.Where(p => p.Name != "x")], (value, u) => value + 0.6 * (u - 0.5));
        Move([.. parameters.Buffers.Where(b => b.Name.EndsWith("running_mean", StringComparison.Ordinal))], (value, u) => value + 0.4 * (u - 0.5));
        Move([.. parameters.Buffers.Where(b => b.Name.EndsWith("running_var", StringComparison.Ordinal))], (value, u) => value * (0.5 + u));
    }

    /// <summary>y and log_det of images, on the host.</summary>
    public (double[] Y, double[] LogDet) Forward(double[] x, int images)
    {
        using Tensor input = Backend.Create(X.Shape.With(0, images), x);
        using Tape tape = new(Backend, recording: false);
        (Var y, Var logDet) = Flow.Forward(tape.Constant(input), Pass.Evaluation);
        return (y.Value.ToDoubles(), logDet.Value.ToDoubles());
    }

    public void Dispose() => Parameters.Dispose();

    // Away from the ends of [0, 1], where the logit's curvature defeats finite differences.
    private static float[] Inside(float[] uniforms) => Array.ConvertAll(uniforms, u => (float)(0.1 + 0.8 * u));

    private static void Move(ModelTensor[] tensors, Func<double, double, double> move)
    {
        foreach (ModelTensor tensor in tensors)
        {
            double[] values = tensor.Value.ToDoubles();
            for (int i = 0; i < values.Length; i++)
            {
                double u = Philox.Uniform(new NoiseKey(9, NoiseStreams.Initialization(tensor.Name)), (ulong)i);
                values[i] = (float)move(values[i], u);
            }

            tensor.Value.Backend.Write(values, tensor.Value);
        }
    }
}
