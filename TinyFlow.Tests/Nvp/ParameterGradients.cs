using TinyFlow.Autograd;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Tests.Nvp;

/// <summary>Compares the gradients of all parameters of a set with central differences.</summary>
internal static class ParameterGradients
{
    // Small enough to step over a ReLU's kink hardly ever; in float64 the difference still has nine digits.
    private const double Step = 1.0 / (1 << 20);

    public static void Check(ParameterSet parameters, Func<Tape, Var> loss)
    {
        IBackend backend = parameters.Backend;

        // A pass in training changes running statistics; each evaluation must start from the same ones.
        double[][] buffers = [.. parameters.Buffers.Select(buffer => buffer.Value.ToDoubles())];
        void Restore()
        {
            for (int i = 0; i < buffers.Length; i++)
            {
                backend.Write(buffers[i], parameters.Buffers[i].Value);
            }
        }

        double Evaluate(Parameter parameter, double[] values, int element, double moved)
        {
            double before = values[element];
            values[element] = moved;
            backend.Write(values, parameter.Value);
            values[element] = before;
            Restore();
            using Tape tape = new(backend, recording: false);
            return loss(tape).Value.Item();
        }

        using (Tape tape = new(backend))
        {
            tape.Backward(loss(tape));
        }

        foreach (Parameter parameter in parameters.Parameters)
        {
            double[] analytic = parameter.Gradient.ToDoubles(), values = parameter.Value.ToDoubles();
            for (int i = 0; i < values.Length; i++)
            {
                double numeric = (Evaluate(parameter, values, i, values[i] + Step) - Evaluate(parameter, values, i, values[i] - Step)) / (2 * Step);
                double scale = Math.Max(1, Math.Max(Math.Abs(analytic[i]), Math.Abs(numeric)));
                if (!(Math.Abs(analytic[i] - numeric) < GradCheck.Tolerance * scale))
                {
                    Assert.Fail($"The gradient of {parameter.Name} {parameter.Shape}, element {i}, is {analytic[i]:R}; finite differences say {numeric:R}.");
                }
            }

            backend.Write(values, parameter.Value);
        }

        Restore();
    }
}
