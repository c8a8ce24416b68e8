using System.Runtime.InteropServices;
using TinyFlow.Cuda;
using TinyFlow.Cuda.Native;
using TinyFlow.Cuda.Normalizations;
using TinyFlow.Tests.Backends;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Cuda;

/// <summary>Batch normalization by cuDNN against the specification, over the same rows as our own kernels.</summary>
[TestClass]
public sealed class CudnnBatchNormTests
{
    public static IEnumerable<object[]> Rows => OpCases.Small.Concat(OpCases.Large).Where(row => row.Op == "BatchNorm2D").Select(row => new object[] { row.Name });

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Values_and_gradients_agree_with_the_reference(string name)
    {
        OpCase row = OpCases.Named(name);
        Check(row, Reference(backend => OpRun.Of(row, backend)), OnCudnn(backend => OpRun.Of(row, backend)));
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Gradients_add_up_when_operands_are_used_again(string name)
    {
        OpCase row = OpCases.Named(name);
        Check(row, Reference(backend => OpRun.OneAndAHalfTimes(row, backend)), OnCudnn(backend => OpRun.OneAndAHalfTimes(row, backend)));
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void A_gradient_does_not_depend_on_which_others_are_wanted(string name)
    {
        OpCase row = OpCases.Named(name);
        for (int i = 0; i < row.Operands.Length; i++)
        {
            int wanted = i;
            Check(row, Reference(backend => OpRun.WantingOnly(wanted, row, backend)), OnCudnn(backend => OpRun.WantingOnly(wanted, row, backend)));
        }
    }

    [TestMethod]
    public void Running_statistics_are_those_of_own_kernels()
    {
        double[][] Statistics(IBackend backend)
        {
            using Tensor x = backend.Create([11, 3, 29, 31], Operand.Between([11, 3, 29, 31], -1, 3).Values(5, 0)), gamma = backend.Ones([3]), beta = backend.Zeros([3]);
            using Tensor runningMean = backend.Full([3], 0.5), runningVariance = backend.Full([3], 2);
            using Tensor mean = backend.Allocate([3]), inverseDeviation = backend.Allocate([3]), y = backend.Allocate(x.Shape);
            backend.BatchNorm(x, gamma, beta, runningMean, runningVariance, mean, inverseDeviation, y, new BatchNormSettings(1e-5, 0.1, Activation.Relu));
            return [mean.ToDoubles(), inverseDeviation.ToDoubles(), runningMean.ToDoubles(), runningVariance.ToDoubles(), y.ToDoubles()];
        }

        double[][] expected = On(Standin.Open(poison: true), Statistics), found = OnCudnn(Statistics);
        for (int i = 0; i < expected.Length; i++)
        {
            Close.Check(expected[i], found[i], Float32Tolerance.Statistics.Value, $"result {i} ({Float32Tolerance.Statistics.Reason})");
        }
    }

    [TestMethod]
    public void Own_kernels_are_the_default()
    {
        using CudaBackend backend = Standin.Open();
        Assert.AreEqual("own kernels", backend.BatchNorms.Description);
    }

    [TestMethod]
    [DoNotParallelize]
    public void Nothing_is_left_when_the_backend_is_disposed()
    {
        using StandinControl control = new();
        OpCase row = OpCases.Named((string)Rows.First()[0]);
        OnCudnn(backend => OpRun.Of(row, backend));
        Assert.AreEqual("", control.Leaks());
    }

    [TestMethod]
    public void Where_cuDNN_is_missing_it_says_so()
    {
        using CudaBackend backend = Standin.Open();
        FoundLibrary none = new(Cudnn9, 0, null, ["libcudnn.so.9"], []);
        OnReference.Throws<CudaUnavailableException>(() => CudnnBatchNorms.Open(backend, none), "Could not load cuDNN 9. Tried: libcudnn.so.9.");
    }

    [TestMethod]
    public void A_cuDNN_without_batch_normalization_says_so()
    {
        using CudaBackend backend = Standin.Open();
        string file = Standin.Without([.. Cudnn.BatchNormFunctions]);
        try
        {
            FoundLibrary later = new(Cudnn9, NativeLibrary.Load(file), file, [file], []);
            OnReference.Throws<CudaUnavailableException>(
                () => CudnnBatchNorms.Open(backend, later), file, "cudnnBatchNormalizationForwardTraining");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static LibrarySpec Cudnn9 => NativeLibraries.All.Single(library => library.Import == NativeLibraries.Cudnn);

    private static void Check(OpCase row, OpRun expected, OpRun found)
    {
        Close.Check(expected.Value, found.Value, row.Tolerance.Value, $"value ({row.Tolerance.Reason})");
        for (int i = 0; i < expected.Gradients.Length; i++)
        {
            Close.Check(expected.Gradients[i], found.Gradients[i], row.Tolerance.Value, $"gradient {i} ({row.Tolerance.Reason})");
        }
    }

    private static T Reference<T>(Func<IBackend, T> run) => On(new ReferenceBackend(poison: true), run);

    private static T OnCudnn<T>(Func<IBackend, T> run)
    {
        CudaBackend backend = Standin.Open(poison: true);
        return On(backend, on =>
        {
            backend.BatchNorms = CudnnBatchNorms.Open(backend, NativeLibraries.Find(NativeLibraries.Cudnn));
            return run(on);
        });
    }

    private static T On<T>(IBackend backend, Func<IBackend, T> run)
    {
        using (backend)
        {
            T result = run(backend);
            backend.AssertNoLeaks();
            return result;
        }
    }
}
