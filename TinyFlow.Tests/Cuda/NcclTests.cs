using TinyFlow.Cuda;
using TinyFlow.Cuda.Native;
using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Cuda;

[TestClass]
public sealed class NcclTests
{
    [TestMethod]
    public void Two_ranks_sum_in_place_on_their_streams()
    {
        Standin.Require();
        if (Standin.IsReplaced)
        {
            Assert.Inconclusive("NCCL wants a GPU for each rank.");
        }

        NativeLibraries.Require(NativeLibraries.Nccl);
        Nccl.ncclGetUniqueId(out NcclUniqueId id).ThrowOnError();
        double[][] sums = new double[2][];
        Concurrently.Run(sums.Length, rank =>
        {
            using CudaBackend backend = Standin.Open();
            using Tensor x = backend.Create([3], [rank, 10f, rank * 100]);
            Nccl.ncclCommInitRank(out nint communicator, sums.Length, id, rank).ThrowOnError();
            ulong address = CudaBackend.Address(x);
            Nccl.ncclAllReduce(address, address, (nuint)x.Count, NcclDataType.Float32, NcclOperation.Sum, communicator, backend.Context.Stream).ThrowOnError();
            sums[rank] = x.ToDoubles();
            Nccl.ncclCommDestroy(communicator).ThrowOnError();
        });
        foreach (double[] sum in sums)
        {
            CollectionAssert.AreEqual((double[])[1, 20, 100], sum);
        }
    }

    [TestMethod]
    public void What_fails_quotes_NCCL()
    {
        Standin.Require();
        NativeLibraries.Require(NativeLibraries.Nccl);
        Nccl.ncclGetUniqueId(out NcclUniqueId id).ThrowOnError();
        using CudaBackend backend = Standin.Open();
        OnReference.Throws<CudaException>(() => Nccl.ncclCommInitRank(out _, 1, id, 5).ThrowOnError(), "ncclCommInitRank failed: ");
    }
}
