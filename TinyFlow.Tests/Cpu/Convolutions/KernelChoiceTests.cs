using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Tests.Cpu.Convolutions;

/// <summary>What the cost model chooses where measurements leave no doubt (bench/Kernels).</summary>
[TestClass]
[TestCategory("VectorWidth")]
public class KernelChoiceTests
{
    [TestMethod]
    [DataRow(64, 64, 28, 3, 1, "Winograd", DisplayName = "Wide 3x3 by Winograd")]
    [DataRow(64, 64, 14, 3, 1, "Winograd", DisplayName = "Wide 3x3 with partial tiles by Winograd")]
    [DataRow(128, 128, 7, 3, 1, "Winograd", DisplayName = "Wide 3x3 of small images by Winograd")]
    [DataRow(64, 64, 28, 3, 2, "Direct", DisplayName = "Strides directly")]
    [DataRow(64, 64, 28, 5, 1, "Direct", DisplayName = "5x5 directly")]
    [DataRow(64, 64, 28, 1, 1, "Direct", DisplayName = "1x1 directly")]
    [DataRow(1, 64, 28, 3, 1, "Direct", DisplayName = "From one channel directly")]
    [DataRow(3, 64, 28, 3, 1, "Direct", DisplayName = "From three channels directly")]
    [DataRow(4, 64, 28, 3, 1, "Direct", DisplayName = "From four channels directly")]
    [DataRow(64, 4, 28, 3, 1, "ThinOutput", DisplayName = "To four channels along the inputs")]
    [DataRow(64, 2, 28, 3, 1, "ThinOutput", DisplayName = "To two channels along the inputs")]
    [DataRow(64, 1, 28, 3, 1, "ThinOutput", DisplayName = "To one channel along the inputs")]
    [DataRow(64, 3, 28, 3, 1, "ThinOutput", DisplayName = "To three channels along the inputs")]
    [DataRow(24, 24, 14, 3, 1, "Winograd", DisplayName = "Narrow 3x3 of small images by Winograd")]
    [DataRow(32, 32, 28, 3, 1, "Winograd", DisplayName = "The paper's 3x3 by Winograd")]
    [DataRow(48, 48, 7, 3, 1, "Winograd", DisplayName = "Narrow 3x3 of the smallest images by Winograd")]
    [DataRow(256, 256, 7, 3, 1, "Winograd", DisplayName = "The widest 3x3 by Winograd")]
    public void The_cheapest_kernel_is_chosen(int inputs, int outputs, int size, int kernel, int stride, string expected)
    {
        ConvolutionGeometry geometry = Geometry(64, inputs, outputs, size, kernel, stride);
        Assert.AreEqual(expected, KernelChoice.Convolution<Lanes512>(geometry).ToString());
        Assert.AreEqual(expected, KernelChoice.Convolution<Lanes256>(geometry).ToString());
        Assert.AreEqual(expected, KernelChoice.Convolution<Lanes128>(geometry).ToString());
    }

    [TestMethod]
    [DataRow(64, 64, 28, "Winograd")]
    [DataRow(1, 64, 28, "Direct")]
    [DataRow(3, 64, 28, "Direct")]
    [DataRow(64, 2, 28, "Direct")]
    [DataRow(64, 4, 28, "Direct")]
    [DataRow(32, 32, 28, "Winograd")]
    [DataRow(24, 24, 14, "Winograd")]
    [DataRow(48, 48, 7, "Winograd")]
    [DataRow(256, 256, 7, "Winograd")]
    public void The_cheapest_kernel_of_a_weight_gradient_is_chosen(int inputs, int outputs, int size, string expected)
    {
        ConvolutionGeometry geometry = Geometry(64, inputs, outputs, size, 3, 1);
        Assert.AreEqual(expected, KernelChoice.WeightGradient<Lanes512>(geometry).ToString());
        Assert.AreEqual(expected, KernelChoice.WeightGradient<Lanes256>(geometry).ToString());
        Assert.AreEqual(expected, KernelChoice.WeightGradient<Lanes128>(geometry).ToString());
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(7)]
    [DataRow(256)]
    public void The_number_of_images_has_no_say(int images)
    {
        foreach (int channels in (int[])[1, 2, 4, 8, 12, 24, 48, 64])
        {
            Assert.AreEqual(
                KernelChoice.Convolution<Lanes256>(Geometry(64, channels, 64, 12, 3, 1)), KernelChoice.Convolution<Lanes256>(Geometry(images, channels, 64, 12, 3, 1)));
        }
    }

    [TestMethod]
    [DataRow("Direct")]
    [DataRow("ThinOutput")]
    [DataRow("Winograd")]
    public void A_forced_kernel_takes_the_place_of_the_chosen_one(string kernel)
    {
        const int Wide = 0;
        Operands o = Operands.Of(Wide);
        KernelRun run = new(ConvolutionCase.All[Wide], Enum.Parse<ConvolutionKernel>(kernel), "256");
        (float[] y, float[] dx, float[] dweight) = OnBackend(ConvolutionCase.All[Wide], o, run.Kernel);
        CollectionAssert.AreEqual(run.Forward(o.X, o.Weight, o.Bias), y);
        CollectionAssert.AreEqual(run.InputGradient(o.Dy, o.Weight), dx);
        CollectionAssert.AreEqual(run.WeightGradient(o.X, o.Dy).Weight, dweight);

        // Else the comparison above would hold whatever was forced: the kernels add up in different orders.
        string other = kernel == "Winograd" ? "Direct" : "Winograd";
        CollectionAssert.AreNotEqual((run with { Kernel = Enum.Parse<ConvolutionKernel>(other) }).Forward(o.X, o.Weight, o.Bias), y);
    }

    [TestMethod]
    public void A_forced_kernel_that_cannot_compute_a_shape_gives_way()
    {
        ConvolutionCase strided = ConvolutionCase.All.First(c => c.Window.StrideX > 1);
        Operands o = Operands.Of(ConvolutionCase.All.ToList().IndexOf(strided));
        (float[] Y, float[] Dx, float[] Dweight) chosen = OnBackend(strided, o, ConvolutionKernel.Automatic);
        (float[] y, float[] dx, float[] dweight) = OnBackend(strided, o, ConvolutionKernel.Winograd);
        CollectionAssert.AreEqual(chosen.Y, y);
        CollectionAssert.AreEqual(chosen.Dx, dx);
        CollectionAssert.AreEqual(chosen.Dweight, dweight);
    }

    private static (float[] Y, float[] Dx, float[] Dweight) OnBackend(ConvolutionCase c, Operands o, ConvolutionKernel kernel)
    {
        using CpuBackend backend = new(VectorWidth.Bits256, threads: 1, poison: true) { ForcedConvolution = kernel };
        using Tensor x = backend.Create(c.X, o.X), weight = backend.Create(c.Weight, o.Weight), bias = backend.Create([c.Weight[0]], o.Bias), dy = backend.Create(c.Y, o.Dy);
        using Tensor y = backend.Allocate(c.Y), dx = backend.Allocate(c.X), dweight = backend.Allocate(c.Weight);
        backend.Conv2D(x, weight, bias, y, c.Window);
        backend.Conv2DInputGradient(dy, weight, dx, c.Window);
        backend.Conv2DWeightGradient(x, dy, dweight, Sink.None, c.Window);
        return (y.ToArray(), dx.ToArray(), dweight.ToArray());
    }

    private static ConvolutionGeometry Geometry(int images, int inputs, int outputs, int size, int kernel, int stride)
    {
        Shape x = [images, inputs, size, size], weight = [outputs, inputs, kernel, kernel];
        ConvolutionWindow window = new(stride, kernel / 2);
        return ConvolutionGeometry.Forward(x, weight, ShapeRules.Conv2D(x, weight, null, window), window);
    }
}
