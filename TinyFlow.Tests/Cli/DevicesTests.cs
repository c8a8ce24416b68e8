using System.Text.Json;
using TinyFlow.Tests.Cuda;
using TinyFlow.Tests.Files;

namespace TinyFlow.Tests.Cli;

/// <summary>tinyflow devices.</summary>
[TestClass]
public sealed class DevicesTests
{
    private const string Kept = "TINYFLOW_STANDIN_";

    [TestMethod]
    public void Without_a_GPU_the_answer_says_what_was_tried_and_what_to_install()
    {
        using TemporaryFolder folder = new();
        CliProcess.Result text = CliProcess.Run(folder.Path, "devices"), json = CliProcess.Run(folder.Path, "devices", "--json");
        Assert.AreEqual((0, 0), (text.ExitCode, json.ExitCode), text.Error + json.Error);
        Assert.AreEqual("", text.Error);
        Assert.Contains($"{Environment.ProcessorCount} core", text.Output);
        Assert.Contains($"vectors of {CpuBackend.VectorBits} bits", text.Output);
        Assert.Contains("no GPU can be used; TinyFlow computes on the CPU", text.Output);
        Assert.Contains("Tried: /nope", text.Output);
        Assert.Contains("Install the NVIDIA driver", text.Output);
        using JsonDocument document = JsonDocument.Parse(json.Output);
        Assert.AreEqual(Environment.ProcessorCount, document.RootElement.GetProperty("cpu").GetProperty("cores").GetInt32());
        Assert.AreEqual(0, document.RootElement.GetProperty("gpus").GetArrayLength());
        Assert.Contains("Install the NVIDIA driver", document.RootElement.GetProperty("problem").GetString()!);
    }

    [TestMethod]
    public void GPUs_and_libraries_are_listed_with_their_files()
    {
        using TemporaryFolder folder = new();
        IReadOnlyDictionary<string, string?> two = Standin.Obeying((Kept + "DEVICES", "2"), (Kept + "MEMORY_BYTES", $"{3L << 30}"), ("TINYFLOW_LIBCUDNN", "/nope"));
        CliProcess.Result text = CliProcess.Run(two, folder.Path, "devices"), json = CliProcess.Run(two, folder.Path, "devices", "--json");
        Assert.AreEqual((0, 0), (text.ExitCode, json.ExitCode), text.Error + json.Error);
        Assert.Contains("cuda:1", text.Output);
        Assert.Contains("3.0 GiB free of 3.0 GiB of memory, compute capability 9.0", text.Output);
        Assert.MatchesRegex($@"the NVIDIA driver +13\.0: {Standin.File}", text.Output);
        Assert.MatchesRegex($@"cuBLAS +13\.0\.0: {Standin.File}", text.Output);
        Assert.MatchesRegex(@"cuDNN 9 +Could not load cuDNN 9\. Tried: /nope, which TINYFLOW_LIBCUDNN names\. Install it by 'pip install", text.Output);
        using JsonDocument document = JsonDocument.Parse(json.Output);
        JsonElement gpu = document.RootElement.GetProperty("gpus")[1];
        Assert.AreEqual(3L << 30, gpu.GetProperty("memory_total").GetInt64());
        Assert.AreEqual(3L << 30, gpu.GetProperty("memory_free").GetInt64());
        Assert.AreEqual(JsonValueKind.Null, gpu.GetProperty("problem").ValueKind);
        JsonElement nccl = document.RootElement.GetProperty("libraries").EnumerateArray().Single(library => library.GetProperty("name").GetString() == "NCCL 2");
        Assert.AreEqual(Standin.File, nccl.GetProperty("file").GetString());
    }

    [TestMethod]
    public void A_GPU_that_is_too_old_is_listed_with_what_is_needed()
    {
        using TemporaryFolder folder = new();
        CliProcess.Result text = CliProcess.Run(Standin.Obeying((Kept + "COMPUTE_CAPABILITY", "70")), folder.Path, "devices");
        Assert.AreEqual(0, text.ExitCode, text.Error);
        Assert.Contains("cannot be used: GPU number 0", text.Output);
        Assert.Contains("compute capability 7.0; 7.5 or later is needed", text.Output);
    }
}
