using TinyFlow.Cuda;
using TinyFlow.Cuda.Convolutions;
using TinyFlow.Cuda.Native;
using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Cuda;

/// <summary>How cuDNN's algorithms are chosen, seen by what the stand-in is asked for.</summary>
[TestClass]
[DoNotParallelize]
public sealed class CudnnChoiceTests
{
    private const int NotSupported = 3000, ExecutionFailed = 5000;
    private const string Find = "cudnnFindConvolutionForwardAlgorithmEx", FindWeight = "cudnnFindConvolutionBackwardFilterAlgorithmEx";

    [TestMethod]
    public void Algorithms_are_timed_once_a_shape()
    {
        using StandinControl control = new();
        using CudaBackend backend = new(poison: true);
        double[] first = Convolve(backend, [2, 3, 6, 5]);
        control.ResetCounts();
        CollectionAssert.AreEqual(first, Convolve(backend, [2, 3, 6, 5]));
        Assert.AreEqual(0, control.Count(Find));
        Convolve(backend, [1, 3, 6, 5]);
        Assert.AreEqual(1, control.Count(Find));
    }

    [TestMethod]
    public void A_warm_convolution_takes_no_memory_and_waits_for_nothing()
    {
        using StandinControl control = new();
        using CudaBackend backend = new();
        using Tensor x = backend.Ones([2, 3, 6, 5]), weight = backend.Ones([4, 3, 3, 3]), y = backend.Allocate([2, 4, 6, 5]), dweight = backend.Allocate(weight.Shape);
        void Step()
        {
            backend.Conv2D(x, weight, null, y, new ConvolutionWindow(1, 1));
            backend.Conv2DWeightGradient(x, y, dweight, Sink.None, new ConvolutionWindow(1, 1));
        }

        Step();
        control.ResetCounts();
        Step();
        Assert.AreEqual((0, 0), (control.Count("allocations"), control.Count("synchronizations")));
        Assert.AreEqual(2, control.Count("library_calls"));
    }

    [TestMethod]
    public void The_gradients_of_weights_are_the_same_each_time()
    {
        using StandinControl control = new();
        using CudaBackend backend = new();
        using Tensor x = backend.Normal([8, 3, 16, 16], new NoiseKey(1, 1)), dy = backend.Normal([8, 4, 16, 16], new NoiseKey(1, 2)), dweight = backend.Allocate([4, 3, 3, 3]);
        double[] Gradient()
        {
            backend.Conv2DWeightGradient(x, dy, dweight, Sink.None, new ConvolutionWindow(1, 1));
            return dweight.ToDoubles();
        }

        // cuDNN's fastest algorithm is not deterministic; the stand-in's differs from run to run.
        double[] first = Gradient();
        CollectionAssert.AreEqual(first, Gradient());
        CollectionAssert.AreEqual(first, Gradient());
        Assert.AreEqual(1, control.Count(FindWeight));
    }

    [TestMethod]
    public void A_shape_that_cuDNN_refuses_is_done_by_matrix_products()
    {
        using StandinControl control = new();
        using CudaBackend backend = new(poison: true);
        double[] expected = Convolve(backend, [2, 3, 6, 5]);
        control.Fail(Find, 1, NotSupported);
        using CudaBackend refused = new(poison: true);
        Ops.Close.Check(expected, Convolve(refused, [2, 3, 6, 5]), 1e-6, "y");
        Assert.AreEqual(1, control.Count("cublasGemmStridedBatchedEx"));
        Convolve(refused, [2, 3, 6, 5]);
        Assert.AreEqual((2, 2), (control.Count(Find), control.Count("cublasGemmStridedBatchedEx")));
    }

    [TestMethod]
    public void The_highest_precision_is_not_chosen_by_the_times_of_another()
    {
        // cuDNN times TF32 besides, in which each algorithm is faster and needs less memory than it does in float32.
        using StandinControl control = new();
        using CudaBackend backend = new(poison: true);
        control.ResetCounts();
        CudnnChoice? chosen = null;
        CudnnAlgorithmPerformance[] all = [];
        backend.ConvolutionTimed = (_, _, choice, timed) => (chosen, all) = (choice, [.. timed]);
        Assert.IsTrue(Convolve(backend, [2, 3, 6, 5]).All(double.IsFinite));
        CudnnAlgorithmPerformance[] usable = [.. all.Where(one => one is { Status: CudnnStatus.Success, Determinism: CudnnDeterminism.Deterministic })];
        CudnnAlgorithmPerformance fastest = usable.MinBy(one => one.Time), exact = usable.Where(one => one.Math == CudnnMath.Fma).MinBy(one => one.Time);
        Assert.AreNotEqual((fastest.Algorithm, fastest.Math), (exact.Algorithm, exact.Math));
        Assert.AreNotEqual(fastest.Algorithm, exact.Algorithm);
        Assert.AreEqual((exact.Algorithm, CudnnMath.Fma), (chosen!.Algorithm, chosen.Math));
        Assert.AreEqual(0, control.Count("cublasGemmStridedBatchedEx"), "the algorithm was refused");
    }

    [TestMethod]
    public void An_algorithm_that_is_timed_and_then_refused_is_done_by_matrix_products()
    {
        using StandinControl control = new();
        using CudaBackend backend = new(poison: true);
        double[] expected = Convolve(backend, [2, 3, 6, 5]);
        using CudaBackend refused = new(poison: true);
        control.ResetCounts();
        control.Fail("cudnnConvolutionForward", 1, NotSupported);
        Ops.Close.Check(expected, Convolve(refused, [2, 3, 6, 5]), 1e-6, "y");
        Convolve(refused, [2, 3, 6, 5]);
        Assert.AreEqual(2, control.Count("cublasGemmStridedBatchedEx"));
        refused.AssertNoLeaks();
    }

    [TestMethod]
    public void A_bias_that_cuDNN_does_not_add_is_added_behind_it()
    {
        const string WithBias = "cudnnConvolutionBiasActivationForward";
        using StandinControl control = new();
        using CudaBackend backend = new(poison: true);
        control.ResetCounts();
        double[] expected = Convolve(backend, [2, 3, 6, 5], bias: true);
        Assert.AreEqual((1, 0), (control.Count(WithBias), control.Count("cudnnConvolutionForward")));
        using CudaBackend refused = new(poison: true);
        control.Fail(WithBias, 1, NotSupported);
        Ops.Close.Check(expected, Convolve(refused, [2, 3, 6, 5], bias: true), 1e-6, "y");
        control.ResetCounts();
        Convolve(refused, [2, 3, 6, 5], bias: true);
        Assert.AreEqual((0, 1), (control.Count(WithBias), control.Count("cudnnConvolutionForward")));
    }

    [TestMethod]
    public void What_fails_in_cuDNN_quotes_it()
    {
        using StandinControl control = new();
        using CudaBackend backend = new();
        control.Fail("cudnnConvolutionForward", 1, ExecutionFailed);
        OnReference.Throws<CudaException>(() => Convolve(backend, [2, 3, 6, 5]), "CUDNN_STATUS_EXECUTION_FAILED (5000)");
        backend.AssertNoLeaks();
    }

    [TestMethod]
    public void A_cuDNN_before_version_9_is_not_used()
    {
        using StandinControl control = new();
        control.Set("cudnn_version", 8907);
        using CudaBackend backend = new();
        Assert.Contains("is cuDNN 8907; version 9 is needed", backend.ConvolutionMethod);
    }

    [TestMethod]
    [DataRow("cublasCreate_v2")]
    [DataRow("cublasSetStream_v2")]
    [DataRow("cublasSetWorkspace_v2")]
    [DataRow("cublasSetMathMode")]
    public void A_cuBLAS_that_does_not_open_quotes_itself_and_leaves_nothing(string call)
    {
        const int NotInitialized = 1;
        using StandinControl control = new();
        using (CudaBackend backend = new())
        {
            using Tensor a = backend.Ones([2, 2]), y = backend.Allocate([2, 2]);
            control.Fail(call, 1, NotInitialized);
            OnReference.Throws<CudaException>(() => backend.MatMul(a, false, a, false, y), $"{call} failed: CUBLAS_STATUS_NOT_INITIALIZED (1)");
            backend.MatMul(a, false, a, false, y);
            Assert.AreEqual(2, y[1, 1]);
        }

        Assert.AreEqual("", control.Leaks());
    }

    [TestMethod]
    [DataRow("cudnnCreate")]
    [DataRow("cudnnSetStream")]
    [DataRow("cudnnCreateTensorDescriptor")]
    [DataRow("cudnnSetFilter4dDescriptor")]
    [DataRow("cudnnSetConvolution2dDescriptor")]
    [DataRow("cudnnSetConvolutionMathType")]
    [DataRow(Find)]
    public void What_fails_while_a_convolution_is_prepared_leaves_nothing(string call)
    {
        using StandinControl control = new();
        using (CudaBackend backend = new())
        {
            control.Fail(call, 1, ExecutionFailed);
            OnReference.Throws<CudaException>(() => Convolve(backend, [2, 3, 6, 5]), "CUDNN_STATUS_EXECUTION_FAILED");
            backend.AssertNoLeaks();
            Assert.IsTrue(Convolve(backend, [2, 3, 6, 5]).All(double.IsFinite));
        }

        Assert.AreEqual("", control.Leaks());
    }

    private static double[] Convolve(CudaBackend backend, Shape images, bool bias = false)
    {
        using Tensor x = backend.Normal(images, new NoiseKey(1, 1)), weight = backend.Normal([4, 3, 3, 3], new NoiseKey(1, 2));
        using Tensor y = backend.Allocate([images[0], 4, images[2], images[3]]);
        using Tensor? offsets = bias ? backend.Normal([4], new NoiseKey(1, 3)) : null;
        backend.Conv2D(x, weight, offsets, y, new ConvolutionWindow(1, 1));
        return y.ToDoubles();
    }
}
