using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Models;
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
    [DynamicData(nameof(Files))]
    public void Every_number_on_the_GPU_agrees_with_PyTorch(string path) => Compare(path, Devices.Cuda);

    [TestMethod]
    [DataRow("notebook-1")]
    [DataRow("bjlkeng-1")]
    [DataRow("paper-1")]
    public void The_file_of_each_published_system_is_there(string name) =>
        Assert.IsTrue(GoldenFile.Paths.Any(path => Path.GetFileNameWithoutExtension(path) == name));

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void The_names_and_shapes_of_a_models_state_are_those_of_the_state_dict(string path)
    {
        using GoldenFile golden = new(path);
        Devices.Run(Devices.Reference, backend =>
        {
            using FlowModel model = FlowModel.Create(GoldenParity.Of(golden).Config, backend, seed: 0);
            CollectionAssert.AreEquivalent(
                golden.Under("init.").Where(array => array.Name != "data_constraint").Select(array => $"{array.Name} {array.Shape}").ToArray(),
                model.Parameters.State.Select(entry => $"{entry.Name} {entry.Value.Shape}").ToArray());
        });
    }

    [TestMethod]
    [DynamicData(nameof(Files))]
    public void A_published_state_dict_is_recognized_by_its_names(string path)
    {
        using GoldenFile golden = new(path);
        ModelConfig expected = GoldenParity.Of(golden).Config;
        StoredTensor[] state = [.. golden.Under("init.").Select(array => StoredTensor.Create(array.Name, array.Shape, array.Values))];
        ModelConfig found = PublishedModels.Recognize(state);
        if (golden.System == "bjlkeng" && expected.Layers % 6 != 0)
        {
            // Which of the last couplings are the final ones, the shapes do not tell.
            Assert.AreEqual(expected.Layers + expected.FinalLayers, found.Layers + found.FinalLayers);
            found = found with { Layers = expected.Layers, FinalLayers = expected.FinalLayers };
        }

        // The state_dicts of fully convolutional models do not tell the size of images.
        Assert.AreEqual(expected, found with { Preset = expected.Preset, Height = expected.Height, Width = expected.Width });
    }

    [TestMethod]
    [DataRow("notebook")]
    [DataRow("bjlkeng")]
    [DataRow("paper")]
    public void A_published_model_of_colour_images_is_recognized(string preset) => Devices.Run(Devices.Reference, backend =>
    {
        ModelConfig expected = Presets.Find(preset).Model with { Channels = 3, Height = 32, Width = 32, Hidden = 4 };
        using FlowModel model = FlowModel.Create(expected, backend, seed: 0);
        StoredTensor[] state = [.. model.Parameters.Export().Select(array => StoredTensor.Create(array.Name, array.Shape, array.Values))];
        ModelConfig found = PublishedModels.Recognize(state);
        Assert.AreEqual(expected, found with { Preset = expected.Preset, DataConstraint = expected.DataConstraint });
    });

    [TestMethod]
    public void A_file_that_records_too_little_is_not_passed() =>
        Assert.Contains("nothing was compared", Assert.ThrowsExactly<AssertFailedException>(() => new Parity(1e-9).ThrowIfWrong("grad")).Message);

    [TestMethod]
    public void A_state_dict_of_an_unknown_model_is_refused() => Assert.Contains(
        "notebook, bjlkeng, paper", Assert.ThrowsExactly<CheckpointException>(() => PublishedModels.Recognize([])).Message);

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
        Devices.Run(device, backend =>
        {
            Parity parity = GoldenParity.Of(golden).Compare(backend, Devices.GoldenTolerance(device));
            TestContext.WriteLine($"{Path.GetFileName(path)} on {device}: {parity.Worst}");
            parity.ThrowIfWrong("step0.grad.", "step0.after.", "eval.z");
        });
    }
}
