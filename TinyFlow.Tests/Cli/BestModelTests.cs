using System.Text.Json;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Tests.Files;

namespace TinyFlow.Tests.Cli;

/// <summary>The two models that a run keeps: the last, and the best by validation.</summary>
[TestClass]
public sealed class BestModelTests
{
    [TestMethod]
    public void The_best_model_stays_where_later_ones_are_worse_and_is_taken_where_it_is_asked_for()
    {
        using TemporaryFolder folder = new();
        RunFolder run = Train(folder, epochs: 2);
        Checkpoint second = Checkpoint.Load(run.Checkpoint);
        Assert.AreEqual(2L, second.Counter("best_epoch"), "two epochs of this run improve it");
        AssertSameModel(second, Checkpoint.Load(run.Best));
        Assert.IsEmpty(Checkpoint.Load(run.Best).Optimizer);

        // No epoch will be as good as this.
        const long Unreachable = 1;
        Save(second, run.Checkpoint, ("best_bits_per_dim_billionths", Unreachable));
        CliProcess.Result resumed = CliProcess.Run(folder.Path, "train", "--resume", "run", "--epochs", "4");
        Assert.AreEqual(0, resumed.ExitCode, resumed.Error);
        Assert.Contains("after epoch 2; '--checkpoint best' takes that model", resumed.Output);
        Assert.Contains(Path.Combine("run", "best.safetensors"), resumed.Output);
        AssertSameModel(second, Checkpoint.Load(run.Best));
        Checkpoint last = Checkpoint.Load(run.Checkpoint);
        Assert.AreEqual((4L, 2L), (last.Counter("epoch") + 1, last.Counter("best_epoch")));

        Assert.AreNotEqual(BitsPerDim(folder, "eval", "run"), BitsPerDim(folder, "eval", "run", "--checkpoint", "best"));
        Assert.AreEqual(BitsPerDim(folder, "eval", "run"), BitsPerDim(folder, "eval", "run", "--checkpoint", "last"));
        Assert.AreEqual(BitsPerDim(folder, "eval", run.Best), BitsPerDim(folder, "eval", "run", "--checkpoint", "best"));
        CliProcess.Result sample = CliProcess.Run(folder.Path, "sample", "run", "--count", "1", "--checkpoint", "best");
        Assert.Contains(Path.Combine("run", "best.safetensors"), sample.Output);

        // The figures beside the best model's step are those of that step.
        long bestStep = Checkpoint.Load(run.Best).Counter("step");
        MetricsRow[] validations = [.. MetricsLog.Read(run.Metrics).Rows.Where(row => row.Split == "validation")];
        Assert.AreEqual(validations[^1].BitsPerDim, Validation("last"));
        Assert.AreEqual(validations.Last(row => row.Step == bestStep).BitsPerDim, Validation("best"));

        double Validation(string model)
        {
            using JsonDocument info = JsonDocument.Parse(CliProcess.Run(folder.Path, "info", "run", "--json", "--checkpoint", model).Output);
            return info.RootElement.GetProperty("state").GetProperty("validation_bits_per_dim").GetDouble();
        }
    }

    [TestMethod]
    public void A_run_that_died_before_it_had_written_its_best_model_writes_it_when_it_is_resumed()
    {
        using TemporaryFolder folder = new();
        RunFolder run = Train(folder, epochs: 1);
        Checkpoint saved = Checkpoint.Load(run.Best);
        File.Delete(run.Best);
        CliProcess.Result resumed = CliProcess.Run(folder.Path, "train", "--resume", "run");
        Assert.AreEqual(0, resumed.ExitCode, resumed.Error);
        AssertSameModel(saved, Checkpoint.Load(run.Best));
    }

    [TestMethod]
    public void A_best_model_that_there_is_not_is_missed_with_a_sentence()
    {
        using TemporaryFolder folder = new();
        RunFolder run = Train(folder, epochs: 1);
        File.Delete(run.Best);
        CliProcess.Result none = CliProcess.Run(folder.Path, "eval", "run", "--checkpoint", "best");
        Assert.AreEqual(1, none.ExitCode);
        Assert.Contains("holds no best.safetensors", none.Error);
        CliProcess.Result both = CliProcess.Run(folder.Path, "eval", "--model", "mnist", "--checkpoint", "best"), unknown = CliProcess.Run(folder.Path, "sample", "run", "--checkpoint", "first");
        Assert.AreEqual((2, 2), (both.ExitCode, unknown.ExitCode));
        Assert.Contains("--model 'mnist' is one model", both.Error);
        Assert.Contains("Known ones: last, best", unknown.Error);
    }

    private static RunFolder Train(TemporaryFolder folder, int epochs)
    {
        TinyImages.Write(Directory.CreateDirectory(folder.File("images")).FullName, side: 8, training: 24, test: 4);
        CliProcess.Result result = CliProcess.Run(
            folder.Path, "train", "--preset", "notebook", "--layers", "1", "--hidden", "4", "--batch-size", "4", "--data", "images", "--epochs", $"{epochs}", "--out", "run");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.Contains($"after epoch {epochs}, the last", result.Output);
        return new RunFolder(folder.File("run"));
    }

    private static double BitsPerDim(TemporaryFolder folder, params string[] arguments)
    {
        CliProcess.Result result = CliProcess.Run(folder.Path, [.. arguments, "--json"]);
        Assert.AreEqual(0, result.ExitCode, result.Error);
        using JsonDocument figures = JsonDocument.Parse(result.Output);
        return figures.RootElement.GetProperty("bits_per_dim").GetDouble();
    }

    private static void Save(Checkpoint checkpoint, string path, (string Name, long Value) counter) => new Checkpoint
    {
        Model = checkpoint.Model,
        Optimizer = checkpoint.Optimizer,
        Configuration = checkpoint.Configuration,
        Counters = new Dictionary<string, long>(checkpoint.Counters) { [counter.Name] = counter.Value },
    }.Save(path);

    private static void AssertSameModel(Checkpoint expected, Checkpoint found)
    {
        foreach ((StoredTensor a, StoredTensor b) in expected.Model.Zip(found.Model, (a, b) => (a, b)))
        {
            Assert.AreEqual(a.Name, b.Name);
            Assert.IsTrue(a.Bytes.SequenceEqual(b.Bytes), $"{a.Name} differs");
        }
    }
}
