using TinyFlow.Tests.Cuda;

namespace TinyFlow.Tests.Ops;

/// <summary>The GPU's backend against the specification.</summary>
[TestClass]
public sealed class CudaAgainstReferenceTests : AgainstReferenceTests
{
    // Those of the emulator: forward, reverse, random.
    private static readonly long[] Orders = [0, 1, 2];

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Results_are_bit_identical_in_every_run_and_order_of_threads(string name)
    {
        OpCase row = OpCases.Named(name);

        // Of one backend: another would choose among cuDNN's algorithms anew, on a GPU by times that are never the same.
        OpRun[] runs = OnBackend(backend => (OpRun[])[.. Orders.Select(order =>
        {
            Standin.Set("order", order);
            return OpRun.Of(row, backend);
        })]);
        foreach (OpRun run in runs[1..])
        {
            CollectionAssert.AreEqual(runs[0].Value, run.Value, "value");
            for (int i = 0; i < run.Gradients.Length; i++)
            {
                CollectionAssert.AreEqual(runs[0].Gradients[i], run.Gradients[i], $"gradient {i}");
            }
        }
    }

    private protected override IBackend Create() => Standin.Open(poison: true);
}
