namespace TinyFlow.Tests.Nvp;

/// <summary>
/// Parity with PyTorch. The environment variable TINYFLOW_GOLDEN_DIR may name a folder of further files of the same systems, in
/// any size.
/// </summary>
[TestClass]
public sealed class GoldenTests
{
    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> FilesAndBackends =>
        from path in GoldenFile.Paths from device in Devices.Names select new object[] { path, device };

    [TestMethod]
    [DynamicData(nameof(FilesAndBackends))]
    public void Every_number_agrees_with_PyTorch(string path, string device)
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

    [TestMethod]
    public void The_file_of_the_seed_notebook_is_there() =>
        Assert.IsTrue(GoldenFile.Paths.Any(path => Path.GetFileName(path) == "notebook-1.safetensors"));
}
