using TinyFlow.Autograd;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Tests.Nvp;

/// <summary>
/// Compares the gradients of all parameters of a set with central differences: of each element where there are few, else of some
/// elements, and along random directions that move all of them, which a wrong element anywhere changes.
/// </summary>
internal static class ParameterGradients
{
    // Small enough to step over a ReLU's kink hardly ever; in float64 the difference still has nine digits.
    private const double Step = 1.0 / (1 << 20);

    // Each costs two forward passes; all elements of all flows took most of the time of all tests.
    private const int Few = 24, Directions = 2;

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

        double Evaluate(Parameter parameter, double[] values, double[] direction, double step)
        {
            backend.Write([.. values.Select((value, i) => value + step * direction[i])], parameter.Value);
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
            double[] gradient = parameter.Gradient.ToDoubles(), values = parameter.Value.ToDoubles();
            foreach ((string what, double[] direction) in DirectionsOf(values.Length))
            {
                double analytic = gradient.Zip(direction, (g, d) => g * d).Sum();
                double numeric = (Evaluate(parameter, values, direction, Step) - Evaluate(parameter, values, direction, -Step)) / (2 * Step);
                double scale = Math.Max(1, Math.Max(Math.Abs(analytic), Math.Abs(numeric)));
                if (!(Math.Abs(analytic - numeric) < GradCheck.Tolerance * scale))
                {
                    Assert.Fail($"The gradient of {parameter.Name} {parameter.Shape}, {what}, is {analytic:R}; finite differences say {numeric:R}.");
                }
            }

            backend.Write(values, parameter.Value);
        }

        Restore();
    }

    private static IEnumerable<(string What, double[] Direction)> DirectionsOf(int elements)
    {
        int some = elements <= Few ? elements : Few / 3;
        for (int i = 0; i < some; i++)
        {
            int element = i * elements / some;
            double[] direction = new double[elements];
            direction[element] = 1;
            yield return ($"element {element}", direction);
        }

        Random random = new(elements);
        for (int i = 0; i < Directions && elements > Few; i++)
        {
            yield return ($"direction {i}", [.. Enumerable.Range(0, elements).Select(_ => random.Next(2) * 2.0 - 1)]);
        }
    }
}
