using TinyFlow.Tests.Files;

namespace TinyFlow.Tests.Nvp;

/// <summary>
/// Parity with PyTorch. The environment variable TINYFLOW_GOLDEN_DIR may name a folder of further files of the same systems, in
/// any size.
/// </summary>
[TestClass]
public sealed class GoldenTests
{
    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Files => GoldenFile.Paths.Select(path => new object[] { path });

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void Every_number_in_float64_agrees_with_PyTorch(string path) => Compare(path, Devices.Reference);

    [TestMethod]
    [TestCategory("VectorWidth")]
    [DynamicData(nameof(Files))]
    public void Every_number_on_the_CPU_agrees_with_PyTorch(string path) => Compare(path, Devices.Cpu);

    [TestMethod]
    public void The_file_of_the_seed_notebook_is_there() =>
        Assert.IsTrue(GoldenFile.Paths.Any(path => Path.GetFileName(path) == "notebook-1.safetensors"));

    [TestMethod]
    public void A_folder_that_is_named_in_vain_fails()
    {
        using TemporaryFolder folder = new();
        Assert.Contains("holds no .safetensors", Assert.ThrowsExactly<InvalidOperationException>(() => GoldenFile.In(folder.Path)).Message);
        Assert.Contains("no such folder", Assert.ThrowsExactly<InvalidOperationException>(() => GoldenFile.In(folder.File("nowhere"))).Message);
    }

    private void Compare(string path, string device)
    {
        using GoldenFile golden = new(path);
        if (golden.System != "notebook")
        {
            Assert.Inconclusive($"{Path.GetFileName(path)}: the system '{golden.System}' is not known here yet.");
        }

        Devices.Run(device, backend =>
        {
            Parity parity = new NotebookParity(golden).Compare(backend, Devices.GoldenTolerance(device));
            TestContext.WriteLine($"{Path.GetFileName(path)} on {device}: {parity.Worst}");
            parity.ThrowIfWrong();
        });
    }
}
