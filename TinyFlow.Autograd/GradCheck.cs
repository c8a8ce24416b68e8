using TinyFlow.Autograd.Functions;

namespace TinyFlow.Autograd;

/// <summary>
/// Compares the gradients of a function with finite differences, element by element:
/// <code>
/// using ReferenceBackend backend = new();
/// using Tensor x = backend.Normal([2, 3], new NoiseKey(Seed: 1, Stream: 0));
/// GradCheck.Run(backend, "tanh(x)·x", (tape, v) => v[0].Tanh() * v[0], x).ThrowIfWrong();
/// </code>
/// A gradient is right if |analytic − numeric| &lt; 1e-6 · max(1, |analytic|, |numeric|).
/// </summary>
public static class GradCheck
{
    /// <summary>The largest deviation of a right gradient, relative to max(1, |analytic|, |numeric|).</summary>
    public const double Tolerance = 1e-6;

    // Central differences of fourth order err by about h⁴·f⁽⁵⁾/30 in truncation and 2e-16·|f|/h in rounding: with
    // h = 2^-13 both stay below 1e-9 even where a fifth derivative is a million. A power of two, which divides exactly.
    private const double Step = 1.0 / (1 << 13);

    private static readonly NoiseKey WeightKey = new(Seed: 0x67726164, Stream: 0x636865636b);

    /// <summary>
    /// Checks the gradient of <paramref name="function"/> with respect to every element of every input. The function's
    /// result, of any shape, is contracted with fixed pseudo-random weights, so that the incoming gradient is not constant
    /// and the sum of a result that cannot vary (a softmax, a normalization) does not hide an error. The function must
    /// give the same result for the same inputs, and be smooth within ±5e-4 · max(1, |x|) of them.
    /// </summary>
    /// <param name="backend">A backend that computes in float64.</param>
    /// <param name="name">What the function is called in the report.</param>
    /// <param name="function">Gets a tape and the inputs on it. It may also use constants: <c>tape.Constant(mask)</c>.</param>
    /// <param name="inputs">Tensors on the backend, which stay as they are.</param>
    /// <returns>The worst element and how far it is off.</returns>
    /// <exception cref="ArgumentException">The backend computes in less than float64, or there is nothing to check.</exception>
    public static GradCheckReport Run(IBackend backend, string name, Func<Tape, Var[], Var> function, params ReadOnlySpan<Tensor> inputs)
    {
        if (backend.ElementSize < sizeof(double))
        {
            throw new ArgumentException(
                $"GradCheck: backend '{backend.Name}' computes in {8 * backend.ElementSize} bits, too few for differences that are right to {Tolerance}. Use a ReferenceBackend.");
        }

        if (inputs.IsEmpty)
        {
            throw new ArgumentException($"GradCheck: {name} was given no inputs, so there is nothing to check.");
        }

        double[][] values = new double[inputs.Length][];
        Shape[] shapes = new Shape[inputs.Length];
        for (int input = 0; input < inputs.Length; input++)
        {
            (values[input], shapes[input]) = (inputs[input].ToDoubles(), inputs[input].Shape);
        }

        Check check = new(backend, function, shapes, values);
        double[][] analytic = check.AnalyticGradients();
        GradCheckReport? worst = null;
        long elements = 0;
        for (int input = 0; input < values.Length; input++)
        {
            for (int i = 0; i < values[input].Length; i++)
            {
                GradCheckReport report = new(name, input, shapes[input], i, analytic[input][i], check.NumericGradient(input, i), 0);
                elements++;
                if (worst is null || report.Deviation > worst.Deviation)
                {
                    worst = report;
                }
            }
        }

        return worst is null
            ? throw new ArgumentException($"GradCheck: the inputs of {name} have no elements, so there is nothing to check.")
            : worst with { Elements = elements };
    }

    /// <summary>Weights on [−1, 1) that float32 holds exactly; the same for every function.</summary>
    internal static double[] Weights(long count)
    {
        double[] weights = new double[count];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = 2 * Philox.Uniform(WeightKey, (ulong)i) - 1;
        }

        return weights;
    }

    private sealed class Check(IBackend backend, Func<Tape, Var[], Var> function, Shape[] shapes, double[][] values)
    {
        private double[] _weights = [];

        public double[][] AnalyticGradients()
        {
            using Tape tape = new(backend);
            Var[] inputs = Inputs(tape);
            Var y = function(tape, inputs);
            _weights = Weights(y.Shape.Count);
            Tensor weights = tape.Own(backend.Create(y.Shape, _weights));
            tape.Backward((y * tape.Constant(weights)).Sum());
            return [.. inputs.Select(x => x.Gradient.ToDoubles())];
        }

        /// <summary>(8·[f(x+h) − f(x−h)] − [f(x+2h) − f(x−2h)]) / 12h.</summary>
        public double NumericGradient(int input, int element)
        {
            double x = values[input][element];
            double step = Step * Math.Pow(2, Math.Ceiling(Math.Log2(Math.Max(1, Math.Abs(x)))));
            double[] Moved(double by)
            {
                values[input][element] = x + by;
                double[] y = Evaluate();
                values[input][element] = x;
                return y;
            }

            double[] far = Moved(-2 * step), near = Moved(-step), next = Moved(step), beyond = Moved(2 * step);
            double sum = 0;
            for (int i = 0; i < _weights.Length; i++)
            {
                // Differences first, weights and sum later: that is where the digits would be lost.
                sum += _weights[i] * (8 * (next[i] - near[i]) - (beyond[i] - far[i]));
            }

            return sum / (12 * step);
        }

        private double[] Evaluate()
        {
            using Tape tape = new(backend, recording: false);
            return function(tape, Inputs(tape)).Value.ToDoubles();
        }

        private Var[] Inputs(Tape tape) => [.. values.Select((v, i) => tape.Input(tape.Own(backend.Create(shapes[i], v))))];
    }
}
