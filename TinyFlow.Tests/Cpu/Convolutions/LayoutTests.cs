using TinyFlow.Memory;
using TinyFlow.Pointwise;

namespace TinyFlow.Tests.Cpu.Convolutions;

/// <summary>That activations may be held channels last shows nowhere but in the time.</summary>
[TestClass]
[TestCategory("VectorWidth")]
public class LayoutTests
{
    private static readonly Shape Images = [3, 4, 6, 5], Weight = [24, 4, 3, 3], Wide = [3, 24, 6, 5];

    [TestMethod]
    public void A_convolution_reads_in_plain_order() => WithResult((backend, y, expected) => Near(expected, y.ToDoubles()));

    [TestMethod]
    public void Reading_moves_nothing() => WithResult((backend, y, expected) =>
    {
        HostStorage<float> storage = (HostStorage<float>)y.Storage;
        (nint address, HostLayout layout) = (storage.Address, storage.Layout);
        Assert.AreEqual(HostLayout.ChannelsLast(Wide), layout);
        Near(expected, y.ToDoubles());
        Near(expected, [.. y.ToArray().Select(v => (double)v)]);
        Assert.AreEqual(expected[^1], y[2, 23, 5, 4], 1e-5 * Math.Max(1, expected.Max(Math.Abs)));
        Assert.AreEqual((address, layout), (storage.Address, storage.Layout));
    });

    [TestMethod]
    public void A_section_of_a_convolution_holds_its_elements() => WithResult((backend, y, expected) =>
    {
        using Tensor section = y.Section(100, [7]);
        Near(expected[100..107], section.ToDoubles());
    });

    [TestMethod]
    public void A_reshaped_convolution_holds_the_same_elements() => WithResult((backend, y, expected) =>
    {
        using Tensor flat = y.Reshape([3, 720]);
        Near(expected, flat.ToDoubles());
        Near(expected, y.ToDoubles());
    });

    [TestMethod]
    public void A_reshape_to_other_images_is_not_taken_for_channels_last() => WithResult((backend, y, expected) =>
    {
        // As many channels and pixels, in another arrangement.
        using Tensor other = y.Reshape([3, 24, 5, 6]), weight = backend.Create([1, 24, 1, 1], Operands.Random(24, 1)), sum = backend.Allocate([3, 1, 5, 6]);
        using Tensor copy = backend.Create([3, 24, 5, 6], expected), expectedSum = backend.Allocate([3, 1, 5, 6]);
        backend.Conv2D(other, weight, null, sum, new ConvolutionWindow(1));
        backend.Conv2D(copy, weight, null, expectedSum, new ConvolutionWindow(1));
        Near(expectedSum.ToDoubles(), sum.ToDoubles());
    });

    [TestMethod]
    public void A_convolution_of_a_convolution_is_that_of_its_elements() => WithResult((backend, y, expected) =>
    {
        using Tensor weight = backend.Create([16, 24, 3, 3], Operands.Random(16 * 24 * 9, 5)), plain = backend.Create(Wide, expected);
        using Tensor found = backend.Allocate([3, 16, 6, 5]), reference = backend.Allocate([3, 16, 6, 5]);
        backend.Conv2D(y, weight, null, found, new ConvolutionWindow(1, 1));
        backend.Conv2D(plain, weight, null, reference, new ConvolutionWindow(1, 1));
        Near(reference.ToDoubles(), found.ToDoubles());
    });

    [TestMethod]
    public void A_convolution_can_be_overwritten() => WithResult((backend, y, expected) =>
    {
        float[] other = Operands.Random((int)Wide.Count, 9);
        backend.Write(other, y);
        CollectionAssert.AreEqual(other, y.ToArray());
    });

    [TestMethod]
    public void A_convolution_into_a_section_leaves_its_neighbours_alone()
    {
        using CpuBackend backend = new(threads: 2, poison: true);
        using (Tensor all = backend.Allocate([(int)Wide.Count + 40]))
        {
            backend.Write(new float[all.Count], all);
            using Tensor x = backend.Create(Images, Operands.Random((int)Images.Count, 1)), weight = backend.Create(Weight, Operands.Random((int)Weight.Count, 2));
            using Tensor section = all.Section(20, Wide), y = backend.Allocate(Wide);
            backend.Conv2D(x, weight, null, section, new ConvolutionWindow(1, 1));
            backend.Conv2D(x, weight, null, y, new ConvolutionWindow(1, 1));
            CollectionAssert.AreEqual((double[])[.. new double[20], .. y.ToDoubles(), .. new double[20]], all.ToDoubles());
        }

        backend.AssertNoLeaks();
    }

    [TestMethod]
    public void A_gradient_is_added_in_whatever_order_it_is_held()
    {
        using CpuBackend backend = new(threads: 2, poison: true);
        using (Tensor dy = backend.Create([2, 8, 5, 5], Operands.Random(400, 1)))
        {
            using Tensor weight = backend.Create([8, 12, 3, 3], Operands.Random(8 * 12 * 9, 2)), once = backend.Allocate([2, 12, 5, 5]);
            using Tensor twice = backend.Allocate([2, 12, 5, 5]), plain = backend.Create([2, 12, 5, 5], new double[600]);
            backend.Conv2DInputGradient(dy, weight, once, new ConvolutionWindow(1, 1));
            backend.Conv2DInputGradient(dy, weight, twice, new ConvolutionWindow(1, 1));
            backend.Conv2DInputGradient(dy, weight, Sink.AddTo(twice), new ConvolutionWindow(1, 1));
            backend.Conv2DInputGradient(dy, weight, Sink.AddTo(plain), new ConvolutionWindow(1, 1));
            double[] expected = once.ToDoubles();
            Near(expected, plain.ToDoubles());
            Near([.. expected.Select(v => 2 * v)], twice.ToDoubles());
        }

        backend.AssertNoLeaks();
    }

    [TestMethod]
    public void Elementwise_ops_on_convolutions_are_those_of_their_elements() => WithResult((backend, y, expected) =>
    {
        using Tensor plain = backend.Create(Wide, expected), half = backend.Allocate(Wide), sum = backend.Allocate(Wide), relu = backend.Allocate(Wide), mixed = backend.Allocate(Wide);
        backend.ScaleShift(y, 0.5, 1, half);
        backend.Pointwise<Relu>(half, relu);
        backend.Binary<Subtract>(y, relu, sum);
        backend.Binary<Multiply>(sum, plain, mixed);
        double[] Expected(Func<double, double> f) => [.. expected.Select(f)];
        Near(Expected(v => (v - Math.Max(0, 0.5 * v + 1)) * v), mixed.ToDoubles());
    });

    [TestMethod]
    public void Gradients_of_elementwise_ops_on_convolutions_are_those_of_their_elements() => WithResult((backend, y, expected) =>
    {
        using Tensor other = backend.Allocate(Wide), product = backend.Allocate(Wide), dy = backend.Allocate(Wide), left = backend.Allocate(Wide), right = backend.Allocate(Wide);
        using Tensor plain = backend.Create(Wide, expected);
        backend.ScaleShift(y, 0.5, 1, other);
        backend.ScaleShift(y, 0.25, 0, dy);
        backend.Binary<Multiply>(y, other, product);
        backend.ScaleShift(y, 1, 0, right);
        backend.BinaryBackward<Multiply>(y, other, product, dy, left, Sink.AddTo(right));
        backend.BinaryBackward<Multiply>(y, other, product, dy, Sink.AddTo(plain), Sink.None);
        double[] Expected(Func<double, double> f) => [.. expected.Select(f)];
        Near(Expected(v => 0.25 * v * (0.5 * v + 1)), left.ToDoubles());
        Near(Expected(v => v + 0.25 * v * v), right.ToDoubles());
        Near(Expected(v => v + 0.25 * v * (0.5 * v + 1)), plain.ToDoubles());
    });

    [TestMethod]
    public void A_repeated_convolution_takes_nothing_from_the_system()
    {
        using CpuBackend backend = new(threads: 2);
        using Tensor x = backend.Create(Wide, Operands.Random((int)Wide.Count, 1)), weight = backend.Create([32, 24, 3, 3], Operands.Random(32 * 24 * 9, 2));
        using Tensor y = backend.Allocate([3, 32, 6, 5]), dx = backend.Allocate(Wide), dweight = backend.Allocate(weight.Shape), dbias = backend.Allocate([32]);
        Step();
        long before = backend.Memory.SystemAllocations;
        Step();
        Assert.AreEqual(before, backend.Memory.SystemAllocations);

        void Step()
        {
            backend.Conv2D(x, weight, null, y, new ConvolutionWindow(1, 1));
            backend.Conv2DWeightGradient(x, y, dweight, dbias, new ConvolutionWindow(1, 1));
            backend.Conv2DInputGradient(y, weight, dx, new ConvolutionWindow(1, 1));
            _ = y.ToArray();
        }
    }

    // A convolution to 24 channels, and its elements in plain order from the reference backend.
    private static void WithResult(Action<CpuBackend, Tensor, double[]> check)
    {
        float[] values = Operands.Random((int)Images.Count, 1), weights = Operands.Random((int)Weight.Count, 2);
        using ReferenceBackend reference = new();
        using Tensor exactX = reference.Create(Images, values), exactWeight = reference.Create(Weight, weights), exactY = reference.Allocate(Wide);
        reference.Conv2D(exactX, exactWeight, null, exactY, new ConvolutionWindow(1, 1));
        using CpuBackend backend = new(threads: 2, poison: true);
        using (Tensor x = backend.Create(Images, values))
        {
            using Tensor weight = backend.Create(Weight, weights), y = backend.Allocate(Wide);
            backend.Conv2D(x, weight, null, y, new ConvolutionWindow(1, 1));
            check(backend, y, exactY.ToDoubles());
        }

        backend.AssertNoLeaks();
    }

    private static void Near(double[] expected, double[] found)
    {
        // Float32 and F(4x4, 3x3): see KernelTests.
        double tolerance = 1e-5 * Math.Max(1, expected.Max(Math.Abs));
        Assert.HasCount(expected.Length, found);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], found[i], tolerance, $"element {i}");
        }
    }
}
