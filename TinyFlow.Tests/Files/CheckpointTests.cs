using System.Text;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Tests.Files;

[TestClass]
public sealed class CheckpointTests
{
    private static readonly Checkpoint Sample = new()
    {
        Model = [StoredTensor.Create("net.0.weight", [2, 2], [1f, 2, 3, 4]), StoredTensor.Create("net.0.bias", [2], [-1f, 1])],
        Optimizer = [StoredTensor.Create("first", [6], [1f, 2, 3, 4, 5, 6]), StoredTensor.Create("steps", [], [7L])],
        Counters = new Dictionary<string, long> { ["epoch"] = 3, ["step"] = long.MaxValue },
        Configuration = """{"preset":"notebook","learning_rate":0.0005,"note":"\"größer\""}""",
    };

    [TestMethod]
    public void A_checkpoint_comes_back_as_it_was_saved()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("checkpoint.safetensors");
        Sample.Save(path);
        Checkpoint loaded = Checkpoint.Load(path);
        AssertSame(Sample.Model, loaded.Model);
        AssertSame(Sample.Optimizer, loaded.Optimizer);
        CollectionAssert.AreEquivalent(Sample.Counters.ToDictionary(), loaded.Counters.ToDictionary());
        Assert.AreEqual(Sample.Configuration, loaded.Configuration);
        Assert.AreEqual(3, loaded.Counter("epoch"));
    }

    [TestMethod]
    public void A_model_is_read_without_its_optimizer()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("checkpoint.safetensors");
        Sample.Save(path);
        Checkpoint loaded = Checkpoint.LoadModel(path);
        AssertSame(Sample.Model, loaded.Model);
        Assert.IsEmpty(loaded.Optimizer);
    }

    [TestMethod]
    public void Other_programs_see_a_state_dict_and_the_optimizer_under_its_prefix()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("checkpoint.safetensors");
        Sample.Save(path);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        CollectionAssert.AreEqual(new[] { "net.0.weight", "net.0.bias", "optimizer.first", "optimizer.steps" }, file.Entries.Select(e => e.Name).ToArray());
        Assert.AreEqual("pt", file.Metadata["format"]);
    }

    [TestMethod]
    public void A_file_by_PyTorch_is_a_bare_model()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("state_dict.safetensors");
        WriteRaw(path, [.. Sample.Model, StoredTensor.Create("bn.num_batches_tracked", [], [5L])], new() { ["format"] = "pt" });
        Checkpoint loaded = Checkpoint.Load(path);
        Assert.HasCount(3, loaded.Model);
        Assert.IsEmpty(loaded.Counters);
        Assert.IsNull(loaded.Configuration);
        StringAssert.Contains(Assert.ThrowsExactly<CheckpointException>(() => loaded.Counter("step")).Message, "no counter 'step'; it has none");
    }

    [TestMethod]
    [DataRow("2", "{}", "{}", "format version 2, but this TinyFlow knows versions up to 1. Upgrade TinyFlow")]
    [DataRow("-1", "{}", "{}", "'-1' is no format version")]
    [DataRow("new", "{}", "{}", "'new' is no format version")]
    [DataRow("1", "[]", "{}", "the counters")]
    [DataRow("1", """{"step":1.5}""", "{}", "the counters")]
    [DataRow("1", """{"step":1,"step":2}""", "{}", "the counters")]
    [DataRow("1", "{", "{}", "the counters")]
    [DataRow("1", "{}", "[]", "the configuration")]
    [DataRow("1", "{}", "{", "the configuration")]
    public void A_newer_or_damaged_checkpoint_is_refused_with_a_sentence(string version, string counters, string configuration, string reason)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("checkpoint.safetensors");
        WriteRaw(path, Sample.Model, new()
        {
            ["tinyflow.format_version"] = version,
            ["tinyflow.counters"] = counters,
            ["tinyflow.configuration"] = configuration,
        });
        CheckpointException e = Assert.ThrowsExactly<CheckpointException>(() => Checkpoint.Load(path));
        Assert.StartsWith(path + ": ", e.Message);
        StringAssert.Contains(e.Message, reason);
    }

    [TestMethod]
    public void A_checkpoint_cut_off_at_any_byte_is_refused_with_a_sentence()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("checkpoint.safetensors");
        Sample.Save(path);
        byte[] whole = File.ReadAllBytes(path);
        for (int length = whole.Length - 1; length >= 0; length--)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.StartsWith(path + ": ", Assert.ThrowsExactly<CheckpointException>(() => Checkpoint.Load(path)).Message);
        }
    }

    [TestMethod]
    public void What_could_not_be_loaded_again_is_not_saved()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a");
        Assert.ThrowsExactly<ArgumentException>(() => new Checkpoint { Model = [StoredTensor.Create("optimizer.x", [1], [1f])] }.Save(path));
        Assert.ThrowsExactly<ArgumentException>(() => new Checkpoint { Model = [], Configuration = "layers: 8" }.Save(path));
        Assert.ThrowsExactly<ArgumentException>(() => new Checkpoint { Model = [Sample.Model[0], Sample.Model[0]] }.Save(path));
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void A_model_can_be_stored_in_half_the_space()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("half");
        Checkpoint whole = new()
        {
            Model = [StoredTensor.Create("weight", [4], [1 / 3f, -2.5f, 65504f, float.NaN]), StoredTensor.Create("steps", [1], [70_000L]), StoredTensor.Create("data_constraint", [1], [0.99998f])],
            Optimizer = [StoredTensor.Create("moment", [1], [1f])],
            Counters = new Dictionary<string, long> { ["step"] = 7 },
            Configuration = """{"a":1}""",
        };
        whole.InHalfPrecision().Save(path);
        Checkpoint half = Checkpoint.Load(path);
        Assert.AreEqual("weight: F16 [4], steps: I64 [1], data_constraint: F32 [1]", string.Join(", ", half.Model));
        CollectionAssert.AreEqual(new[] { 0.333251953125f, -2.5f, 65504f, float.NaN }, half.Model[0].ToFloats(), "1/3 rounded to 11 bits");
        Assert.AreEqual(70_000L, half.Model[1].Longs[0]);
        Assert.IsEmpty(half.Optimizer);
        Assert.AreEqual((7L, """{"a":1}"""), (half.Counter("step"), half.Configuration));

        Checkpoint large = new() { Model = [StoredTensor.Create("scale", [1], [70_000f])] };
        Assert.Contains("scale: 70000 does not fit into float16, whose largest number is 65,504", Assert.ThrowsExactly<ArgumentException>(() => large.InHalfPrecision()).Message);
    }

    [TestMethod]
    public void A_state_is_stored_in_its_backends_precision_and_comes_back_the_same()
    {
        double[] values = [1.0 / 3, -0.0, 1e-310];
        using ReferenceBackend reference = new();
        using CpuBackend cpu = new();
        using Tensor doubles = reference.Create([3], values), floats = cpu.Create([3], values);
        StoredTensor[] stored = [.. new[] { ("net.weight", doubles), ("net.bias", floats) }.Stored()];
        Assert.AreEqual("net.weight: F64 [3], net.bias: F32 [3]", string.Join(", ", (object[])stored));
        IReadOnlyList<NamedArray> back = stored.Arrays();
        Assert.AreEqual(("net.weight", doubles.Shape), (back[0].Name, back[0].Shape));
        AssertSameBits(values, back[0].Values);
        AssertSameBits([(float)(1.0 / 3), -0.0, 0], back[1].Values);

        static void AssertSameBits(double[] expected, double[] found) => CollectionAssert.AreEqual(
            expected.Select(BitConverter.DoubleToInt64Bits).ToArray(), found.Select(BitConverter.DoubleToInt64Bits).ToArray());
    }

    private static void WriteRaw(string path, IReadOnlyList<StoredTensor> tensors, Dictionary<string, string> metadata)
    {
        using FileStream stream = File.Create(path);
        SafetensorsWriter.Write(stream, tensors, metadata);
    }

    private static void AssertSame(IReadOnlyList<StoredTensor> expected, IReadOnlyList<StoredTensor> actual) =>
        Assert.AreEqual(Text(expected), Text(actual));

    private static string Text(IReadOnlyList<StoredTensor> tensors) =>
        tensors.Aggregate(new StringBuilder(), (text, tensor) => text.AppendLine($"{tensor} {Convert.ToHexString(tensor.Bytes)}")).ToString();
}
