using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Tests.Cpu.Convolutions;

/// <summary>Every convolution kernel, in every vector width and layout, against float64, whatever kernel the cost model would choose.</summary>
[TestClass]
[TestCategory("VectorWidth")]
public class KernelTests
{
    // Direct kernels round once a product: the error of a chain stays within a few units of its Σ|w||x|.
    private const double DirectTolerance = 1e-6;

    // F(4x4, 3x3) cancels numbers up to 100 times the result (Lavin and Gray 2016, section 5), and mixes the pixels of a
    // tile: its error is measured against the largest Σ|w||x| of the tensor.
    private const double WinogradTolerance = 1e-5;

    public static IEnumerable<object[]> Rows() =>
        from kernel in (ConvolutionKernel[])[ConvolutionKernel.Direct, ConvolutionKernel.ThinOutput, ConvolutionKernel.Winograd]
        from lanes in TestedWidths.All.Select(bits => $"{bits}")
        from index in Enumerable.Range(0, ConvolutionCase.All.Count)
        let c = ConvolutionCase.All[index]
        where KernelChoice.Fits(kernel, ConvolutionGeometry.Forward(c.X, c.Weight, c.Y, c.Window))
        select new object[] { kernel.ToString(), lanes, index };

    public static IEnumerable<object[]> RowsOfOneWidth() => Rows().Where(row => (string)row[1] == $"{Math.Min(256, (int)VectorWidths.Best)}" && (int)row[2] % 3 == 0);

    public static string Name(System.Reflection.MethodInfo method, object[] row) => $"{method?.Name}: {row?[0]}, {row?[1]} bits, {ConvolutionCase.All[(int)row![2]]}";

    [TestMethod]
    [DynamicData(nameof(Rows), DynamicDataDisplayName = nameof(Name))]
    public void A_kernel_computes_the_convolution(string kernel, string lanes, int index)
    {
        Operands o = Operands.Of(index);
        KernelRun run = Run(kernel, lanes, index);
        Check(o.Exact.Y, o.Magnitudes.Y, run.Forward(o.X, o.Weight, o.Bias), kernel);
    }

    [TestMethod]
    [DynamicData(nameof(Rows), DynamicDataDisplayName = nameof(Name))]
    public void A_kernel_adds_a_gradient_with_respect_to_its_input(string kernel, string lanes, int index)
    {
        Operands o = Operands.Of(index);
        KernelRun run = Run(kernel, lanes, index);
        float[] before = Operands.Random(o.X.Length, index + 7);
        Check(Plus(o.Exact.Dx, before), Plus(o.Magnitudes.Dx, Absolute(before)), run.InputGradient(o.Dy, o.Weight, before), kernel);
        Check(o.Exact.Dx, o.Magnitudes.Dx, run.InputGradient(o.Dy, o.Weight), kernel);
    }

    [TestMethod]
    [DynamicData(nameof(Rows), DynamicDataDisplayName = nameof(Name))]
    public void A_kernel_adds_a_gradient_with_respect_to_weight_and_bias(string kernel, string lanes, int index)
    {
        Operands o = Operands.Of(index);
        KernelRun run = Run(kernel, lanes, index);
        float[] weight = Operands.Random(o.Weight.Length, index + 7), bias = Operands.Random(o.Bias.Length, index + 8);
        (float[] dweight, float[] dbias) = run.WeightGradient(o.X, o.Dy, weight, bias);
        Check(Plus(o.Exact.Dweight, weight), Plus(o.Magnitudes.Dweight, Absolute(weight)), dweight, kernel);
        Check(Plus(o.Exact.Dbias, bias), Plus(o.Magnitudes.Dbias, Absolute(bias)), dbias, ConvolutionKernel.Direct.ToString());
        (dweight, dbias) = run.WeightGradient(o.X, o.Dy);
        Check(o.Exact.Dweight, o.Magnitudes.Dweight, dweight, kernel);
        Check(o.Exact.Dbias, o.Magnitudes.Dbias, dbias, ConvolutionKernel.Direct.ToString());
    }

    [TestMethod]
    [DynamicData(nameof(Rows), DynamicDataDisplayName = nameof(Name))]
    public void A_kernel_that_normalizes_on_entry_gives_the_bits_of_normalized_images(string kernel, string lanes, int index)
    {
        Operands o = Operands.Of(index);
        Shape images = ConvolutionCase.All[index].X;
        int coefficients = index % 2 == 0 ? images[1] : images[0] * images[1];
        KernelRun plain = Run(kernel, lanes, index) with { InputChannelsLast = true };
        KernelRun run = plain with
        {
            Workers = 1 + index / 2 % 2,
            Entry = (Operands.Random(coefficients, index + 7), Operands.Random(coefficients, index + 8), Operands.Random(coefficients, index + 9), index % 3 > 0),
        };
        float[] x = run.Normalized(o.X);
        CollectionAssert.AreEqual(plain.Forward(x, o.Weight, o.Bias), run.Forward(o.X, o.Weight, o.Bias));
        (float[] weight, float[] bias) = plain.WeightGradient(x, o.Dy);
        (float[] entered, float[] enteredBias) = run.WeightGradient(o.X, o.Dy);
        CollectionAssert.AreEqual(weight, entered);
        CollectionAssert.AreEqual(bias, enteredBias);
    }

    [TestMethod]
    [DynamicData(nameof(RowsOfOneWidth), DynamicDataDisplayName = nameof(Name))]
    public void The_number_of_threads_does_not_change_a_bit(string kernel, string lanes, int index)
    {
        Operands o = Operands.Of(index);
        KernelRun one = Run(kernel, lanes, index), three = one with { Workers = 3 };
        CollectionAssert.AreEqual(one.Forward(o.X, o.Weight, o.Bias), three.Forward(o.X, o.Weight, o.Bias));
        CollectionAssert.AreEqual(one.InputGradient(o.Dy, o.Weight), three.InputGradient(o.Dy, o.Weight));
        (float[] weight1, float[] bias1) = one.WeightGradient(o.X, o.Dy);
        (float[] weight3, float[] bias3) = three.WeightGradient(o.X, o.Dy);
        CollectionAssert.AreEqual(weight1, weight3);
        CollectionAssert.AreEqual(bias1, bias3);
    }

    [TestMethod]
    [DynamicData(nameof(RowsOfOneWidth), DynamicDataDisplayName = nameof(Name))]
    public void An_image_alone_gives_the_bits_that_it_gives_in_a_batch(string kernel, string lanes, int index)
    {
        Operands o = Operands.Of(index);
        ConvolutionCase c = ConvolutionCase.All[index];
        KernelRun batch = Run(kernel, lanes, index), single = batch with { Case = c with { X = c.X.With(0, 1) } };
        int last = c.X[0] - 1, inputs = o.X.Length / c.X[0], outputs = o.Dy.Length / c.X[0];
        float[] y = batch.Forward(o.X, o.Weight, o.Bias), dx = batch.InputGradient(o.Dy, o.Weight);
        CollectionAssert.AreEqual(y[(last * outputs)..], single.Forward(o.X[(last * inputs)..], o.Weight, o.Bias));
        CollectionAssert.AreEqual(dx[(last * inputs)..], single.InputGradient(o.Dy[(last * outputs)..], o.Weight));
    }

    // Both layouts on either side, spread over the rows.
    private static KernelRun Run(string kernel, string lanes, int index) =>
        new(ConvolutionCase.All[index], Enum.Parse<ConvolutionKernel>(kernel), lanes)
        {
            InputChannelsLast = (index + lanes[0]) % 2 == 0,
            OutputChannelsLast = index / 2 % 2 == 0,
        };

    private static double[] Plus(double[] values, float[] before) => [.. values.Zip(before, (v, b) => v + b)];

    private static float[] Absolute(float[] values) => [.. values.Select(Math.Abs)];

    private static void Check(double[] exact, double[] magnitudes, float[] found, string kernel)
    {
        bool winograd = kernel == nameof(ConvolutionKernel.Winograd);
        double largest = magnitudes.Max(Math.Abs), tolerance = winograd ? WinogradTolerance : DirectTolerance;
        Assert.HasCount(exact.Length, found);
        for (int i = 0; i < exact.Length; i++)
        {
            double scale = winograd ? largest : Math.Abs(magnitudes[i]) + 1e-3 * largest;
            // Not (error > tolerance), which a NaN would pass.
            if (!(Math.Abs(found[i] - exact[i]) <= tolerance * scale))
            {
                Assert.Fail($"Element {i} is {found[i]:R}, expected {exact[i]:R}: off by {Math.Abs(found[i] - exact[i]) / scale:0.0e+0} of Σ|w||x|; {tolerance:0.0e+0} is allowed.");
            }
        }
    }
}
