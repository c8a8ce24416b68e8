using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Tests.Ops;

/// <summary>The CPU's backend against the specification, at every vector width and number of threads.</summary>
[TestClass]
[TestCategory("VectorWidth")]
public sealed class CpuAgainstReferenceTests : AgainstReferenceTests
{
    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Every_vector_width_of_the_machine_agrees_with_the_reference(string name)
    {
        OpCase row = OpCases.Named(name);
        OpRun expected = OnReferenceBackend(row);
        foreach (VectorWidth width in Enum.GetValues<VectorWidth>().Where(width => width < VectorWidths.Best))
        {
            using CpuBackend backend = new(width, poison: true);
            OpRun found = OpRun.Of(row, backend);
            Close.Check(expected.Value, found.Value, row.Tolerance.Value, $"value at {width} ({row.Tolerance.Reason})");
            CheckGradients(expected.Gradients, found.Gradients, row.Tolerance.Value, $"at {width}: {row.Tolerance.Reason}");
            backend.AssertNoLeaks();
        }
    }

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void Results_are_bit_identical_for_any_number_of_threads(string name)
    {
        OpCase row = OpCases.Named(name);
        OpRun one = OnThreads(row, 1);
        foreach (int threads in (int[])[2, 3, 7])
        {
            OpRun many = OnThreads(row, threads);
            CollectionAssert.AreEqual(one.Value, many.Value, $"value on {threads} threads");
            for (int i = 0; i < one.Gradients.Length; i++)
            {
                CollectionAssert.AreEqual(one.Gradients[i], many.Gradients[i], $"gradient {i} on {threads} threads");
            }
        }
    }

    private protected override IBackend Create() => new CpuBackend(poison: true);

    private static OpRun OnThreads(OpCase row, int threads)
    {
        using CpuBackend backend = new(threads, poison: true);
        OpRun run = OpRun.Of(row, backend);
        backend.AssertNoLeaks();
        return run;
    }
}
