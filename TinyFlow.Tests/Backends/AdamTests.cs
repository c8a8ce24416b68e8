using TinyFlow.Pointwise;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Backends;

[TestClass]
public sealed class AdamTests
{
    private const double Tolerance = 1e-14;

    private static readonly AdamSettings Plain = new(0.9, 0.999, 1e-8, 0, double.PositiveInfinity);

    [TestMethod]
    public void The_first_step_moves_by_the_learning_rate_against_the_sign() => OnReference.Run(backend =>
    {
        using State state = new(backend, [1, 1, 1], learningRate: 0.01);
        state.Step([0.5, -2, 0], Plain);

        // g / (|g| + ε) after both corrections.
        Close.Check([1 - 0.01 * 0.5 / (0.5 + 1e-8), 1 + 0.01 * 2 / (2 + 1e-8), 1], state.Parameters.ToDoubles(), Tolerance, "parameters");
    });

    [TestMethod]
    public void Steps_follow_the_published_recursion() => OnReference.Run(backend =>
    {
        using State state = new(backend, [0.3, -0.7], learningRate: 0.1);
        double[] p = [0.3, -0.7], m = [0, 0], v = [0, 0];
        for (int t = 1; t <= 5; t++)
        {
            double[] gradient = [Math.Sin(t), Math.Cos(3 * t)];
            state.Step(gradient, Plain with { WeightDecay = 0.05 });
            for (int i = 0; i < 2; i++)
            {
                double g = gradient[i] + 0.05 * p[i];
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                p[i] -= 0.1 / (1 - Math.Pow(0.9, t)) * m[i] / (Math.Sqrt(v[i]) / Math.Sqrt(1 - Math.Pow(0.999, t)) + 1e-8);
            }
        }

        Close.Check(p, state.Parameters.ToDoubles(), 1e-13, "parameters");
        Close.Check([0.1, 5, 0], state.Counters.ToDoubles(), 0, "learning rate, steps, skipped");
    });

    [TestMethod]
    public void Adamax_follows_the_published_recursion() => OnReference.Run(backend =>
    {
        using State state = new(backend, [0.3, -0.7], learningRate: 0.1);
        double[] p = [0.3, -0.7], m = [0, 0], u = [0, 0];
        for (int t = 1; t <= 5; t++)
        {
            double[] gradient = [Math.Sin(t), Math.Cos(3 * t)];
            state.Step(gradient, Plain with { Scale = AdamScale.Maximum });
            for (int i = 0; i < 2; i++)
            {
                m[i] = 0.9 * m[i] + 0.1 * gradient[i];
                u[i] = Math.Max(0.999 * u[i], Math.Abs(gradient[i]) + 1e-8);
                p[i] -= 0.1 / (1 - Math.Pow(0.9, t)) * m[i] / u[i];
            }
        }

        Close.Check(p, state.Parameters.ToDoubles(), 1e-13, "parameters");
    });

    [TestMethod]
    public void Weight_decay_is_added_to_the_clipped_gradient() => OnReference.Run(backend =>
    {
        using State state = new(backend, [2, 0], learningRate: 0.01);
        state.Step([3, 4], Plain with { WeightDecay = 0.1, MaxNorm = 1 });

        Close.Check([0.1 * (3 / (5 + 1e-6) + 0.2), 0.1 * 4 / (5 + 1e-6)], state.First.ToDoubles(), Tolerance, "first moments");
    });

    [TestMethod]
    public void A_norm_below_the_limit_clips_nothing() => OnReference.Run(backend =>
    {
        using State state = new(backend, [0, 0], learningRate: 0.01);
        state.Step([3, 4], Plain with { MaxNorm = 5.1 });

        Close.Check([0.1 * 3, 0.1 * 4], state.First.ToDoubles(), Tolerance, "first moments");
    });

    [TestMethod]
    [DataRow(double.NaN)]
    [DataRow(double.PositiveInfinity)]
    public void A_gradient_that_is_not_finite_changes_nothing_but_the_count_of_skipped_steps(double bad) => OnReference.Run(backend =>
    {
        using State state = new(backend, [1, 2], learningRate: 0.01);
        state.Step([1, 1], Plain);
        double[] before = [.. state.Parameters.ToDoubles(), .. state.First.ToDoubles(), .. state.Second.ToDoubles()];
        state.Step([bad, 1], Plain);

        Close.Check(before, [.. state.Parameters.ToDoubles(), .. state.First.ToDoubles(), .. state.Second.ToDoubles()], 0, "parameters and moments");
        Close.Check([0.01, 1, 1], state.Counters.ToDoubles(), 0, "learning rate, steps, skipped");
    });

    private sealed class State(IBackend backend, double[] parameters, double learningRate) : IDisposable
    {
        public Tensor Parameters { get; } = backend.Create([parameters.Length], parameters);

        public Tensor First { get; } = backend.Zeros([parameters.Length]);

        public Tensor Second { get; } = backend.Zeros([parameters.Length]);

        public Tensor Counters { get; } = backend.Create([3], [learningRate, 0, 0]);

        public void Step(double[] gradients, AdamSettings settings)
        {
            using Tensor gradient = backend.Create([gradients.Length], gradients), squaredNorm = backend.Allocate([]);
            backend.SumOf<Square>([gradient], 1, squaredNorm);
            backend.Adam(Parameters, gradient, First, Second, squaredNorm, Counters, settings);
        }

        public void Dispose()
        {
            Parameters.Dispose();
            First.Dispose();
            Second.Dispose();
            Counters.Dispose();
        }
    }
}
