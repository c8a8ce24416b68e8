using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Pointwise;

namespace TinyFlow.Tests.Cpu.Convolutions;

/// <summary>Instance normalization between convolutions, where activations are held channels last, against the reference.</summary>
[TestClass]
[TestCategory("VectorWidth")]
public class InstanceNormLayoutTests
{
    private const int Images = 3, Size = 13;

    // Partial vectors, and blocks of four vectors with a remainder.
    public static IEnumerable<object[]> Rows() =>
        from width in TestedWidths.All
        from channels in (int[])[5, 24, 64, 76]
        from activation in (Activation[])[Activation.None, Activation.Relu]
        from isPlain in (bool[])[false, true]
        select new object[] { width, channels, activation, isPlain };

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Results_and_gradients_agree_with_the_reference(int width, int channels, Activation activation, bool gradientIsPlain)
    {
        using ReferenceBackend reference = new(poison: true);
        using CpuBackend cpu = new((TinyFlow.Cpu.Vectors.VectorWidth)width, threads: 2, poison: true);
        double[][] expected = Run(reference, channels, activation, gradientIsPlain), found = Run(cpu, channels, activation, gradientIsPlain);
        for (int i = 0; i < expected.Length; i++)
        {
            // As for batch normalization: the convolutions around it stay within this.
            double scale = Math.Max(1, expected[i].Max(Math.Abs));
            for (int j = 0; j < expected[i].Length; j++)
            {
                Assert.IsLessThan(1e-4 * scale, Math.Abs(expected[i][j] - found[i][j]), $"result {i}, element {j}: {found[i][j]:R}, expected {expected[i][j]:R}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void What_is_fused_has_the_bits_of_its_parts(int width, int channels, Activation activation, bool residualIsPlain)
    {
        using CpuBackend backend = new((TinyFlow.Cpu.Vectors.VectorWidth)width, threads: 2, poison: true);
        foreach (int wide in (int[])[channels, 3])
        {
            double[] parts = Fused(backend, wide, activation, residualIsPlain, fused: false), fused = Fused(backend, wide, activation, residualIsPlain, fused: true);
            CollectionAssert.AreEqual(parts, fused, $"{wide} channels");
        }

        backend.AssertNoLeaks();
    }

    private static double[] Fused(CpuBackend backend, int channels, Activation activation, bool residualIsPlain, bool fused)
    {
        Shape shape = [Images, channels, Size, Size], statistics = [Images, channels];
        ConvolutionWindow window = new(1, 1);
        using Tensor images = Create(backend, [Images, 2, Size, Size], 1), first = Create(backend, [channels, 2, 3, 3], 2), last = Create(backend, [8, channels, 3, 3], 3);
        using Tensor plain = Create(backend, shape, 5), other = Create(backend, [channels, 2, 3, 3], 6), x = backend.Allocate(shape), held = backend.Allocate(shape);
        using Tensor mean = backend.Allocate(statistics), inverse = backend.Allocate(statistics), y = backend.Allocate([Images, 8, Size, Size]), dlast = backend.Zeros(last.Shape);
        using Tensor sum = backend.Allocate(shape), normal = backend.Allocate(shape);
        backend.Conv2D(images, first, null, x, window);
        backend.Conv2D(images, other, null, held, window);
        Tensor residual = residualIsPlain ? plain : held;
        if (fused)
        {
            backend.InstanceNormStatistics(x, mean, inverse, 1e-5);
            ChannelNorm entry = new(null, null, mean, inverse, activation);
            backend.Conv2D(x, entry, last, null, y, window);
            backend.Conv2DWeightGradient(x, entry, y, dlast, Sink.None, window);
            backend.InstanceNormSum(x, residual, mean, inverse, sum, 1e-5, activation);
        }
        else
        {
            using Tensor unrectified = backend.Allocate(shape), added = backend.Allocate(shape);
            backend.InstanceNorm(x, mean, inverse, normal, 1e-5, activation);
            backend.Conv2D(normal, last, null, y, window);
            backend.Conv2DWeightGradient(normal, y, dlast, Sink.None, window);
            backend.InstanceNorm(x, mean, inverse, unrectified, 1e-5, Activation.None);
            backend.Binary<Add>(unrectified, residual, added);
            backend.Pointwise<Relu>(added, sum);
            if (activation == Activation.None)
            {
                return [.. ((Tensor[])[mean, inverse, y, dlast, added]).SelectMany(tensor => tensor.ToDoubles())];
            }
        }

        return [.. ((Tensor[])[mean, inverse, y, dlast, sum]).SelectMany(tensor => tensor.ToDoubles())];
    }

    [TestMethod]
    public void The_number_of_threads_does_not_change_a_bit()
    {
        double[][] Results(int threads)
        {
            using CpuBackend backend = new(threads);
            return Run(backend, 64, Activation.Relu, gradientIsPlain: false);
        }

        foreach ((double[] one, double[] three) in Results(1).Zip(Results(3)))
        {
            CollectionAssert.AreEqual(one, three);
        }
    }

    // The normalized activations have a second use, so that two gradients meet; a slice's gradient is held plainly.
    private static double[][] Run(IBackend backend, int channels, Activation activation, bool gradientIsPlain)
    {
        double[][] results;
        using (Tensor x = Create(backend, [Images, 2, Size, Size], 1), first = Create(backend, [channels, 2, 3, 3], 2), last = Create(backend, [8, channels, 3, 3], 3))
        using (Tensor weights = Create(backend, [Images, 8, Size, Size], 4))
        using (Tape tape = new(backend))
        {
            ConvolutionWindow window = new(1, 1);
            Var input = tape.Input(x), firstWeight = tape.Input(first), lastWeight = tape.Input(last);
            Var hidden = input.Conv2D(firstWeight, null, window), normal = hidden.InstanceNorm2D(1e-5, activation);
            Var y = normal.Conv2D(lastWeight, null, window), second = gradientIsPlain ? hidden.Slice(1, 1, 3) : hidden.Conv2D(lastWeight, null, window);
            double[][] values = [normal.Value.ToDoubles(), y.Value.ToDoubles()];
            tape.Backward((y * tape.Constant(weights)).Sum() + second.Square().Sum() * 0.1);
            results = [.. values, input.Gradient.ToDoubles(), firstWeight.Gradient.ToDoubles(), lastWeight.Gradient.ToDoubles()];
        }

        backend.AssertNoLeaks();
        return results;
    }

    private static Tensor Create(IBackend backend, Shape shape, int seed) => backend.Create(shape, Operands.Random((int)shape.Count, seed));
}
