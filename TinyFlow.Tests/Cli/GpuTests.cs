using System.Text.Json;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Tests.Cuda;
using TinyFlow.Tests.Files;

namespace TinyFlow.Tests.Cli;

/// <summary>The commands on a GPU, which the stand-in is, and on machines where something of it is missing or fails.</summary>
[TestClass]
public sealed class GpuTests
{
    private const string Fail = "TINYFLOW_STANDIN_FAIL", Memory = "TINYFLOW_STANDIN_MEMORY_BYTES", DriverVersion = "TINYFLOW_STANDIN_DRIVER_VERSION";

    [TestMethod]
    public void A_model_that_a_GPU_trained_goes_on_and_is_measured_on_the_CPU_and_the_other_way_round()
    {
        using TemporaryFolder folder = Images();
        IReadOnlyDictionary<string, string?> gpu = Standin.Environment();
        CliProcess.Result first = Train(gpu, folder, "--max-steps", "4", "--precision", "high");
        Assert.Contains("Device: cuda:0, ", first.Error, "auto takes the GPU");
        Assert.Contains("products in tf32", first.Error);
        CliProcess.Result second = Expect(0, CliProcess.Run(gpu, folder.Path, "train", "--resume", "run", "--max-steps", "7", "--device", "cpu"));
        Assert.Contains("Device: cpu, ", second.Error);
        Assert.Contains("Resuming at step 4", second.Error);
        Expect(0, CliProcess.Run(gpu, folder.Path, "train", "--resume", "run", "--max-steps", "9", "--device", "cuda:0"));

        JsonElement info = Json(CliProcess.Run(folder.Path, "info", "run", "--json"));
        Assert.AreEqual(9, info.GetProperty("state").GetProperty("step").GetInt32());
        JsonElement[] devices = [.. info.GetProperty("devices").EnumerateArray()];
        CollectionAssert.AreEqual((int[])[0, 4, 7], devices.Select(use => use.GetProperty("from_step").GetInt32()).ToArray());
        CollectionAssert.AreEqual((string[])["tf32", "float32", "float32"], devices.Select(use => use.GetProperty("products").GetString()).ToArray());
        Assert.StartsWith("cuda:0, ", devices[2].GetProperty("device").GetString());

        double BitsOn(string device) => Json(CliProcess.Run(gpu, folder.Path, "eval", "run", "--device", device, "--json")).GetProperty("bits_per_dim").GetDouble();
        double exact = BitsOn("reference");
        Assert.AreEqual(exact, BitsOn("cpu"), 1e-4 * exact);
        Assert.AreEqual(exact, BitsOn("cuda"), 1e-4 * exact);
        CliProcess.Result sample = Expect(0, CliProcess.Run(gpu, folder.Path, "sample", "run", "--count", "2"));
        Assert.Contains("Device: cuda:0", sample.Error);
        Assert.IsTrue(File.Exists(folder.File("samples.png")));
    }

    [TestMethod]
    public void The_same_steps_on_the_CPU_and_on_a_GPU_give_nearly_the_same_model()
    {
        using TemporaryFolder folder = Images();
        Train(Standin.Environment(), folder, "--max-steps", "6");
        Directory.Move(folder.File("run"), folder.File("gpu"));
        Train(Standin.Environment(), folder, "--max-steps", "6", "--device", "cpu");
        double Bits(string run) => Json(CliProcess.Run(folder.Path, "eval", run, "--json")).GetProperty("bits_per_dim").GetDouble();
        Assert.AreEqual(Bits("run"), Bits("gpu"), 1e-3);
    }

    [TestMethod]
    public void Where_no_driver_is_the_CPU_computes_and_nothing_is_said_about_GPUs()
    {
        using TemporaryFolder folder = Images();
        CliProcess.Result result = Train(CliProcess.WithoutGpu, folder, "--max-steps", "1");
        Assert.MatchesRegex(@"Device: cpu, \d+ threads?\.", result.Error);
        Assert.DoesNotContain("GPU", result.Error);
    }

    [TestMethod]
    [DataRow("knows CUDA 11.4 at most; 12.0 or later is needed", DriverVersion, "11040")]
    [DataRow("Could not load cuBLAS. Tried: /nope", "TINYFLOW_LIBCUBLAS", "/nope")]
    [DataRow("7.5 or later is needed", "TINYFLOW_STANDIN_COMPUTE_CAPABILITY", "70")]
    [DataRow("CUDA_ERROR_NO_DEVICE", "TINYFLOW_STANDIN_DEVICES", "0")]
    [DataRow("CUDA_ERROR_OUT_OF_MEMORY", Fail, "cuDevicePrimaryCtxRetain:0:2")]
    public void A_GPU_that_cannot_be_used_is_passed_over_with_the_reason_and_refused_when_it_is_asked_for(string reason, string variable, string value)
    {
        using TemporaryFolder folder = Images();
        IReadOnlyDictionary<string, string?> environment = Standin.Obeying((variable, value));
        CliProcess.Result chosen = Train(environment, folder, "--max-steps", "1");
        Assert.MatchesRegex(@"Device: cpu, \d+ threads?; the GPU is not used: ", chosen.Error);
        Assert.Contains(reason, chosen.Error);

        CliProcess.Result asked = CliProcess.Run(environment, folder.Path, "eval", "run", "--device", "cuda");
        Assert.AreNotEqual(0, asked.ExitCode);
        Assert.Contains(reason, asked.Error);
        Assert.AreEqual("", asked.Output);
    }

    [TestMethod]
    public void A_number_that_no_GPU_has_is_a_mistake()
    {
        using TemporaryFolder folder = Images();
        CliProcess.Result result = Expect(2, CliProcess.Run(Standin.Obeying(("TINYFLOW_STANDIN_DEVICES", "2")), folder.Path, [.. Arguments, "--device", "cuda:2"]));
        Assert.Contains("--device cuda:2: There is no GPU number 2: 2 are visible, and the first is number 0. 'tinyflow devices' tells", result.Error);
        Assert.IsFalse(Directory.Exists(folder.File("run")));
    }

    [TestMethod]
    public void Without_cuDNN_convolutions_are_matrix_products_and_the_user_is_told()
    {
        using TemporaryFolder folder = Images();
        CliProcess.Result result = Train(Standin.Obeying(("TINYFLOW_LIBCUDNN", "/nope")), folder, "--max-steps", "2");
        Assert.Contains("Device: cuda:0", result.Error);
        Assert.Contains("convolutions by matrix products: Could not load cuDNN 9. Tried: /nope", result.Error);
    }

    [TestMethod]
    public void Steps_that_cannot_be_recorded_are_told_of_once_and_change_nothing()
    {
        using TemporaryFolder folder = Images();
        CliProcess.Result recorded = Train(Standin.Environment(), folder, "--max-steps", "9");
        Assert.DoesNotContain("Steps are done call by call", recorded.Error);
        Checkpoint expected = Checkpoint.Load(folder.File(Path.Combine("run", "checkpoint.safetensors")));
        Directory.Delete(folder.File("run"), recursive: true);

        CliProcess.Result refused = Train(Standin.Obeying((Fail, "cuStreamBeginCapture_v2:0:900")), folder, "--max-steps", "9");
        Assert.HasCount(2, refused.Error.Split("Steps are done call by call"));
        Assert.Contains("CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED (900)", refused.Error);
        AssertSameModel(expected, Checkpoint.Load(folder.File(Path.Combine("run", "checkpoint.safetensors"))));
    }

    [TestMethod]
    public void Too_little_memory_is_a_sentence_and_the_run_is_as_it_was()
    {
        using TemporaryFolder folder = Images();
        Train(Standin.Environment(), folder, "--max-steps", "2");
        string path = folder.File(Path.Combine("run", "checkpoint.safetensors"));
        byte[] before = File.ReadAllBytes(path);
        CliProcess.Result result = Expect(1, CliProcess.Run(Standin.Obeying((Memory, $"{1 << 14}")), folder.Path, "train", "--resume", "run", "--max-steps", "4"));
        Assert.Contains("Not enough memory for ", result.Error);
        Assert.Contains("Use a smaller batch or a smaller model.", result.Error);
        Assert.AreSequenceEqual(before, File.ReadAllBytes(path));
        Expect(0, CliProcess.Run(Standin.Environment(), folder.Path, "train", "--resume", "run", "--max-steps", "4"));
    }

    [TestMethod]
    public void Samples_that_a_GPU_has_no_memory_for_do_not_spoil_a_run_that_is_complete()
    {
        using TemporaryFolder folder = Images();
        CliProcess.Result result = Train(Standin.Obeying((Memory, $"{1 << 17}")), folder, "--max-steps", "4");
        Assert.Contains("Warning: no samples are drawn: Not enough memory for ", result.Error);
        Assert.IsFalse(File.Exists(folder.File(Path.Combine("run", "samples.png"))));
        Assert.AreEqual(4L, Checkpoint.Load(folder.File(Path.Combine("run", "checkpoint.safetensors"))).Counter("step"));
        Assert.Contains(Path.Combine("run", "training.png"), result.Output);
    }

    [TestMethod]
    public void A_GPU_that_is_lost_while_it_trains_leaves_a_run_that_goes_on_as_if_nothing_had_happened()
    {
        using TemporaryFolder folder = Images();
        const string ManyEpochs = "1000";
        CliProcess.Result lost = CliProcess.Run(Standin.Obeying((Fail, "kernel:6000:719")), folder.Path, [.. Arguments, "--epochs", ManyEpochs]);
        Expect(1, lost);
        Assert.Contains("CUDA_ERROR_LAUNCH_FAILED (719)", lost.Error);
        Checkpoint kept = Checkpoint.Load(folder.File(Path.Combine("run", "checkpoint.safetensors")));
        long step = kept.Counter("step");
        Assert.IsGreaterThan(0, step, "the device was lost before an epoch was over");
        Assert.Contains($"saved after step {step}. Go on with: tinyflow train --resume run", lost.Error);

        string end = $"{step + 3}";
        Expect(0, CliProcess.Run(Standin.Environment(), folder.Path, "train", "--resume", "run", "--epochs", ManyEpochs, "--max-steps", end));
        Checkpoint resumed = Checkpoint.Load(folder.File(Path.Combine("run", "checkpoint.safetensors")));
        Directory.Delete(folder.File("run"), recursive: true);
        Train(Standin.Environment(), folder, "--epochs", ManyEpochs, "--max-steps", end);
        AssertSameModel(resumed, Checkpoint.Load(folder.File(Path.Combine("run", "checkpoint.safetensors"))));
    }

    private static readonly string[] Arguments =
        ["train", "--preset", "notebook", "--layers", "2", "--hidden", "4", "--batch-size", "4", "--data", "images", "--out", "run"];

    private static TemporaryFolder Images()
    {
        TemporaryFolder folder = new();
        TinyImages.Write(Directory.CreateDirectory(folder.File("images")).FullName, side: 8, training: 24, test: 4);
        return folder;
    }

    private static CliProcess.Result Train(IReadOnlyDictionary<string, string?> environment, TemporaryFolder folder, params string[] more) =>
        Expect(0, CliProcess.Run(environment, folder.Path, [.. Arguments, .. more]));

    private static CliProcess.Result Expect(int exitCode, CliProcess.Result result)
    {
        Assert.AreEqual(exitCode, result.ExitCode, result.Error);
        return result;
    }

    private static JsonElement Json(CliProcess.Result result)
    {
        using JsonDocument document = JsonDocument.Parse(Expect(0, result).Output);
        return document.RootElement.Clone();
    }

    private static void AssertSameModel(Checkpoint expected, Checkpoint found)
    {
        foreach ((StoredTensor a, StoredTensor b) in expected.Model.Zip(found.Model, (a, b) => (a, b)))
        {
            Assert.AreEqual(a.Name, b.Name);
            Assert.IsTrue(a.Bytes.SequenceEqual(b.Bytes), $"{a.Name} differs");
        }
    }
}
