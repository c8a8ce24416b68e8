using TinyFlow.Cuda.Convolutions;
using TinyFlow.Cuda.Native;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Cuda;

/// <summary>The ways to convolve on a GPU, what chooses between them, and what precision means to them.</summary>
[TestClass]
public sealed class CudaConvolutionTests
{
    private static readonly Shape Images = [2, 3, 6, 5], Weight = [4, 3, 3, 3];

    // The stand-in multiplies one by one, and rounds to TF32 whatever may be. cuDNN may take Winograd's way, and need not take
    // tensor cores for what is small, or have them.
    private static double Exact => Standin.IsReplaced ? 1e-5 : 1e-6;

    private static double LeastOfTf32 => Standin.IsReplaced ? 0 : 1e-5;

    private static readonly ConvolutionWindow Window = new(1, 1);

    public static IEnumerable<object[]> Rows => OpCases.AllNames().Where(row => ((string)row[0]).StartsWith("Conv2D", StringComparison.Ordinal));

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Matrix_products_give_what_the_reference_gives(string name)
    {
        OpCase row = OpCases.Named(name);
        using ReferenceBackend reference = new(poison: true);
        using CudaBackend backend = WithoutCudnn();
        // Twice, so that gradients are overwritten and then added to.
        OpRun expected = OpRun.OneAndAHalfTimes(row, reference), found = OpRun.OneAndAHalfTimes(row, backend);
        Close.Check(expected.Value, found.Value, row.Tolerance.Value, $"value ({row.Tolerance.Reason})");
        for (int i = 0; i < expected.Gradients.Length; i++)
        {
            Close.Check(expected.Gradients[i], found.Gradients[i], row.Tolerance.Value + 5e-7, $"gradient {i} (one rounding more than {row.Tolerance.Reason})");
        }

        backend.AssertNoLeaks();
    }

    [TestMethod]
    public void Many_images_are_unfolded_some_at_a_time()
    {
        // 3 · 25 taps of 128 · 128 pixels are 1.2 million elements an image: 13 images at a time.
        Shape images = [15, 3, 128, 128], weight = [2, 3, 5, 5];
        ConvolutionWindow window = new(1, 2);
        using CudaBackend backend = WithoutCudnn();
        using CpuBackend cpu = new(poison: true);
        double[][] expected = AllPasses(cpu, images, weight, window), found = AllPasses(backend, images, weight, window);
        for (int i = 0; i < expected.Length; i++)
        {
            Close.Check(expected[i], found[i], 3e-5, $"pass {i} (245,760 products in a sum, on both sides in float32)");
        }
    }

    [TestMethod]
    public void The_gradient_of_a_bias_is_summed_in_several_parts()
    {
        // 12,288 and 36,864 elements a channel, with a last part that is not full.
        foreach (int images in (int[])[3, 9])
        {
            double[] Gradient(IBackend backend)
            {
                using Tensor x = backend.Zeros([images, 1, 64, 64]), dy = backend.Normal([images, 2, 64, 64], new NoiseKey(1, 1)), dbias = backend.Create([2], [100f, -100]);
                backend.Conv2DWeightGradient(x, dy, Sink.None, Sink.AddTo(dbias), new ConvolutionWindow(1, 0));
                double[] added = dbias.ToDoubles();
                backend.Conv2DWeightGradient(x, dy, Sink.None, dbias, new ConvolutionWindow(1, 0));
                return [.. added, .. dbias.ToDoubles()];
            }

            using ReferenceBackend reference = new(poison: true);
            using CudaBackend backend = Standin.Open(poison: true);
            Close.Check(Gradient(reference), Gradient(backend), 2e-6, "dbias");
        }
    }

    [TestMethod]
    public void Without_cuDNN_the_backend_says_why_and_convolves()
    {
        using CudaBackend backend = Standin.Open();
        LibrarySpec cudnn = NativeLibraries.All.Single(library => library.Import == NativeLibraries.Cudnn);
        backend.Convolutions = CudnnConvolutions.Open(backend, new FoundLibrary(cudnn, 0, null, ["libcudnn.so.9"], []));
        StringAssert.StartsWith(backend.ConvolutionMethod, "matrix products: Could not load cuDNN 9. Tried: libcudnn.so.9.");
        Assert.IsTrue(AllPasses(backend, Images, Weight, Window)[0].All(double.IsFinite));
    }

    [TestMethod]
    public void With_cuDNN_the_backend_names_its_version()
    {
        using CudaBackend backend = Standin.Open();
        StringAssert.Matches(backend.ConvolutionMethod, new(@"^cuDNN 9\.\d+\.\d+$"));
    }

    [TestMethod]
    public void Products_are_exact_to_float32_unless_TF32_is_asked_for()
    {
        using ReferenceBackend reference = new(poison: true);
        using CudaBackend highest = Standin.Open(), high = Standin.Open(precision: MatmulPrecision.High);
        double[] expected = Product(reference);
        double exact = Difference(expected, Product(highest)), rounded = Difference(expected, Product(high));
        Assert.IsLessThan(Exact, exact);
        Assert.IsInRange(LeastOfTf32, 1e-2, rounded);

        double[][] passes = AllPasses(reference, Images, Weight, Window), exactly = AllPasses(highest, Images, Weight, Window), roughly = AllPasses(high, Images, Weight, Window);
        for (int i = 0; i < passes.Length; i++)
        {
            Assert.IsLessThan(Exact, Difference(passes[i], exactly[i]), $"pass {i}");
            Assert.IsInRange(LeastOfTf32, 1e-2, Difference(passes[i], roughly[i]), $"pass {i}");
        }
    }

    [TestMethod]
    public void Where_memory_is_short_cuDNN_works_in_less_of_it()
    {
        const long Limit = 10 << 20;
        Shape images = [4, 8, 128, 96], weight = [8, 8, 3, 3];
        using CudaBackend backend = Standin.Open(), small = Standin.Open(memoryLimit: Limit);
        double[][] expected = AllPasses(backend, images, weight, Window), found = AllPasses(small, images, weight, Window);
        Assert.IsTrue(backend.Memory.Peak > Limit || Standin.IsReplaced, "All algorithms can be timed within the limit.");
        StringAssert.StartsWith(small.ConvolutionMethod, "cuDNN");
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.IsLessThan(Exact, Difference(expected[i], found[i]), $"pass {i}");
        }
    }

    private static CudaBackend WithoutCudnn()
    {
        CudaBackend backend = Standin.Open(poison: true);
        backend.Convolutions = new UnfoldedConvolutions(backend, "a test wants it");
        return backend;
    }

    private static double[][] AllPasses(IBackend backend, Shape images, Shape weight, ConvolutionWindow window)
    {
        using Tensor x = backend.Normal(images, new NoiseKey(1, 1)), w = backend.Normal(weight, new NoiseKey(1, 2));
        using Tensor y = backend.Allocate(ShapeRules.Conv2D(x.Shape, w.Shape, null, window)), dx = backend.Allocate(images), dw = backend.Allocate(weight);
        backend.Conv2D(x, w, null, y, window);
        backend.Conv2DInputGradient(y, w, dx, window);
        backend.Conv2DWeightGradient(x, y, dw, Sink.None, window);
        return [y.ToDoubles(), dx.ToDoubles(), dw.ToDoubles()];
    }

    private static double[] Product(IBackend backend)
    {
        using Tensor a = backend.Normal([7, 33], new NoiseKey(2, 1)), b = backend.Normal([33, 5], new NoiseKey(2, 2)), y = backend.Allocate([7, 5]);
        backend.MatMul(a, false, b, false, y);
        return y.ToDoubles();
    }

    // The largest, relative to the largest number.
    private static double Difference(double[] expected, double[] found) => expected.Zip(found, (e, f) => Math.Abs(e - f)).Max() / expected.Max(Math.Abs);
}
