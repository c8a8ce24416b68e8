using System.Text.Json;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;
using TinyFlow.Tests.Files;

namespace TinyFlow.Tests.Cli;

[TestClass]
public sealed class UseTests
{
    [TestMethod]
    public void Sample_eval_and_info_work_on_the_newest_run_and_on_a_checkpoint_file()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, Path.Combine("runs", "mine"), "--max-steps", "2");

        CliProcess.Result sample = CliProcess.Run(folder.Path, "sample", "--count", "7", "--out", "seven.png");
        Assert.AreEqual(0, sample.ExitCode, sample.Error);
        Assert.IsGreaterThan(100, new FileInfo(Path.Combine(folder.Path, "seven.png")).Length);

        CliProcess.Result eval = CliProcess.Run(folder.Path, "eval", Path.Combine("runs", "mine", "checkpoint.safetensors"), "--json", "--noise-draws", "2");
        Assert.AreEqual(0, eval.ExitCode, eval.Error);
        using JsonDocument figures = JsonDocument.Parse(eval.Output);
        JsonElement root = figures.RootElement;
        Assert.AreEqual(2000, root.GetProperty("images").GetInt32());
        Assert.AreEqual(2, root.GetProperty("noise_draws").GetInt32());
        double bits = root.GetProperty("bits_per_dim").GetDouble();
        Assert.AreEqual(root.GetProperty("nll").GetDouble(), bits * 784 * Math.Log(2), 1e-6);

        // A hardly trained model is close to the standard normal, which gives 9.40; the baselines know digits.
        Assert.IsInRange(9.0, 9.5, bits);
        Assert.IsInRange(0.0005, 0.01, root.GetProperty("standard_error").GetDouble());
        Assert.IsInRange(1.9, 2.1, root.GetProperty("baselines").GetProperty("global_histogram").GetDouble());
        Assert.IsInRange(1.6, 1.9, root.GetProperty("baselines").GetProperty("pixel_histogram").GetDouble());

        CliProcess.Result info = CliProcess.Run(folder.Path, "info", "mine", "--json");
        Assert.AreEqual(0, info.ExitCode, info.Error);
        using JsonDocument described = JsonDocument.Parse(info.Output);
        Assert.AreEqual("notebook", described.RootElement.GetProperty("preset").GetString());
        Assert.AreEqual(2, described.RootElement.GetProperty("state").GetProperty("step").GetInt32());
    }

    [TestMethod]
    public void Models_are_compared_image_by_image_and_their_figures_can_be_kept()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "a", "--max-steps", "1");
        TinyRun.Train(folder.Path, "b", "--max-steps", "40");

        CliProcess.Result text = CliProcess.Run(folder.Path, "compare", "a", "b");
        Assert.AreEqual(0, text.ExitCode, text.Error);
        Assert.Contains("B is better.", text.Output);
        Assert.Contains("mini, validation: all 1666", text.Output);
        Assert.Contains("mini, test: all 2000", CliProcess.Run(folder.Path, "compare", "a", "b", "--split", "test").Output);
        CliProcess.Result same = CliProcess.Run(folder.Path, "compare", "a", "a");
        Assert.Contains("No clear difference", same.Output);
        using JsonDocument compared = JsonDocument.Parse(CliProcess.Run(folder.Path, "compare", "a", "b", "--json").Output);
        JsonElement root = compared.RootElement;
        Assert.AreEqual(
            root.GetProperty("b").GetProperty("bits_per_dim").GetDouble() - root.GetProperty("a").GetProperty("bits_per_dim").GetDouble(),
            root.GetProperty("difference").GetDouble(), 1e-9);

        CliProcess.Result csv = CliProcess.Run(folder.Path, "eval", "a", "--per-image", "bits.csv", "--importance-samples", "2", "--json");
        Assert.AreEqual(0, csv.ExitCode, csv.Error);
        using JsonDocument figures = JsonDocument.Parse(csv.Output);
        double bits = figures.RootElement.GetProperty("bits_per_dim").GetDouble();
        Assert.AreEqual(bits, File.ReadLines(folder.File("bits.csv")).Skip(1).Average(line => double.Parse(line.Split(',')[1], System.Globalization.CultureInfo.InvariantCulture)), 1e-9);
        Assert.IsLessThan(bits, figures.RootElement.GetProperty("importance_weighted").GetProperty("bits_per_dim").GetDouble());
        Assert.AreEqual(0, figures.RootElement.GetProperty("non_finite").GetInt32());
        CliProcess.Run(folder.Path, "eval", "a", "--per-image", "bits.npy");
        using ReferenceBackend backend = new();
        using Tensor perImage = Npy.Read(backend, folder.File("bits.npy"));
        Assert.AreEqual(bits, perImage.ToDoubles().Average(), 1e-9);
        Assert.AreEqual(2, CliProcess.Run(folder.Path, "eval", "a", "--per-image", "bits.txt").ExitCode);

        CliProcess.Result ledger = CliProcess.Run(folder.Path, "eval", "a", "--split", "validation", "--ledger", "--json");
        Assert.AreEqual(0, ledger.ExitCode, ledger.Error);
        using JsonDocument terms = JsonDocument.Parse(ledger.Output);
        Assert.AreEqual("mini, validation", terms.RootElement.GetProperty("data").GetString());
        Assert.AreEqual(
            -terms.RootElement.GetProperty("nll").GetDouble(),
            terms.RootElement.GetProperty("ledger").EnumerateArray().Sum(term => term.GetProperty("nats").GetDouble()), 1e-6);
        Assert.IsInRange(1e-9, 1e-3, terms.RootElement.GetProperty("largest_inverse_error").GetDouble());
    }

    [TestMethod]
    public void A_model_comes_with_the_program()
    {
        using TemporaryFolder folder = new();
        CliProcess.Result eval = CliProcess.Run(folder.Path, "eval", "--model", "mnist", "--json");
        Assert.AreEqual(0, eval.ExitCode, eval.Error);
        using JsonDocument figures = JsonDocument.Parse(eval.Output);

        // 1.0132 on all 10,000 test images (docs/results.md); these are 2,000 of them, with a standard error of 0.0053.
        Assert.IsInRange(1.005, 1.03, figures.RootElement.GetProperty("bits_per_dim").GetDouble());
        Assert.AreEqual(2000, figures.RootElement.GetProperty("images").GetInt32());

        Assert.AreEqual(0, CliProcess.Run(folder.Path, "sample", "--model", "mnist", "--count", "4").ExitCode);
        Assert.IsTrue(File.Exists(folder.File("samples.png")));
        Assert.Contains("mixture", CliProcess.Run(folder.Path, "info", "--model", "mnist").Output);
        CliProcess.Result both = CliProcess.Run(folder.Path, "sample", "run", "--model", "mnist"), unknown = CliProcess.Run(folder.Path, "sample", "--model", "imagenet");
        Assert.AreEqual(2, both.ExitCode);
        Assert.Contains("Give one of them", both.Error);
        Assert.AreEqual(2, unknown.ExitCode);
        Assert.Contains("Models that come with the program: mnist", unknown.Error);

        CliProcess.Run(folder.Path, "export", "--model", "mnist", "--out", "copy.safetensors");
        Assert.Contains("No clear difference", CliProcess.Run(folder.Path, "compare", "copy.safetensors", "--model", "mnist").Output);

        // The choice of a checkpoint is about the run.
        TinyRun.Train(folder.Path, "run", "--max-steps", "1");
        CliProcess.Result best = CliProcess.Run(folder.Path, "compare", "run", "--model", "mnist", "--checkpoint", "best");
        Assert.AreEqual(0, best.ExitCode, best.Error);
        Assert.Contains("best.safetensors", best.Output);
        Assert.Contains("may be among those that it was trained on", CliProcess.Run(folder.Path, "eval", "--model", "mnist", "--split", "validation").Error);

        // Its own training images are not these, so that these digits' validation images may be among them.
        using JsonDocument compared = JsonDocument.Parse(CliProcess.Run(folder.Path, "compare", "copy.safetensors", "run", "--json").Output);
        Assert.AreEqual("mini, test", compared.RootElement.GetProperty("data").GetString());
    }

    [TestMethod]
    public void A_model_can_be_exported_in_half_the_space()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "40");
        CliProcess.Run(folder.Path, "export", "run", "--out", "whole.safetensors");
        CliProcess.Result export = CliProcess.Run(folder.Path, "export", "run", "--half", "--out", "half.safetensors");
        Assert.AreEqual(0, export.ExitCode, export.Error);
        long Numbers(string file) => Checkpoint.LoadModel(folder.File(file)).Model.Sum(tensor => (long)tensor.Bytes.Length);
        Assert.AreEqual(Numbers("whole.safetensors"), 2 * Numbers("half.safetensors"));
        using JsonDocument halved = JsonDocument.Parse(CliProcess.Run(folder.Path, "compare", "whole.safetensors", "half.safetensors", "--json").Output);
        Assert.AreEqual("mini, validation", halved.RootElement.GetProperty("data").GetString());
        Assert.IsInRange(-0.002, 0.002, halved.RootElement.GetProperty("difference").GetDouble());
        Assert.AreNotEqual(0, halved.RootElement.GetProperty("difference").GetDouble());
    }

    [TestMethod]
    public void Nothing_is_lost_to_a_wrong_name_of_a_file()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "2");
        string checkpoint = Path.Combine("run", "checkpoint.safetensors");
        byte[] before = File.ReadAllBytes(folder.File(checkpoint));
        string nowhere = Path.Combine("nowhere", "x");
        foreach ((string[] arguments, string said) in (ReadOnlySpan<(string[], string)>)
        [
            (["export", "run", "--out", checkpoint], "is a run's own model"),
            (["export", "--model", "mnist", "--out", checkpoint], "is a run's own model"),
            (["sample", "run", "--out", checkpoint], "must end in .png"),
            (["sample", "run", "--out", nowhere + ".png"], "its folder does not exist"),
            (["eval", "run", "--per-image", nowhere + ".csv"], "its folder does not exist"),
            (["train", "--resume", "run", "--max-steps", "1"], "already has 2 steps"),
        ])
        {
            CliProcess.Result result = CliProcess.Run(folder.Path, arguments);
            Assert.AreEqual(2, result.ExitCode, string.Join(' ', arguments));
            Assert.Contains(said, result.Error);
        }

        Assert.IsTrue(before.AsSpan().SequenceEqual(File.ReadAllBytes(folder.File(checkpoint))));
        Assert.IsFalse(File.Exists(folder.File(Path.Combine("run", ".lock"))));

        // A folder of the name that the data of a model that comes with the program has.
        Directory.CreateDirectory(folder.File("mnist"));
        Assert.Contains("mini, test", CliProcess.Run(folder.Path, "eval", "--model", "mnist").Output);
    }

    [TestMethod]
    public void Two_processes_do_not_train_in_one_folder()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "2");
        using (new RunFolder(folder.File("run")).Lock())
        {
            Assert.ThrowsExactly<CheckpointException>(() => new RunFolder(folder.File("run")).Lock().Dispose());
            CliProcess.Result second = CliProcess.Run(folder.Path, "train", "--resume", "run", "--max-steps", "3");
            Assert.AreEqual(1, second.ExitCode, second.Error);
            Assert.Contains("another process is training in this folder", second.Error);
        }

        Assert.AreEqual(0, CliProcess.Run(folder.Path, "train", "--resume", "run", "--max-steps", "3").ExitCode);
    }

    [TestMethod]
    public void Presets_are_listed_with_their_size()
    {
        using TemporaryFolder folder = new();
        CliProcess.Result text = CliProcess.Run(folder.Path, "presets"), json = CliProcess.Run(folder.Path, "presets", "--json");
        Assert.Contains("311,824 parameters, 242.0 million multiply-adds an image of 1x28x28", text.Output);
        foreach (TinyFlow.Nvp.Models.Preset preset in TinyFlow.Nvp.Models.Presets.All)
        {
            Assert.Contains($"source: {preset.Source}", text.Output);
            Assert.Contains($"measured: {preset.Measured ?? "not yet"}", text.Output);
        }

        Assert.Contains("trains 50 epochs in batches of 64", text.Output);

        using JsonDocument listed = JsonDocument.Parse(json.Output);
        CollectionAssert.AreEqual(
            TinyFlow.Nvp.Models.Presets.All.Select(preset => preset.Name).ToArray(),
            listed.RootElement.GetProperty("presets").EnumerateArray().Select(preset => preset.GetProperty("name").GetString()).ToArray());
    }

    [TestMethod]
    public void A_model_is_measured_on_the_images_that_it_was_trained_on_unless_others_are_asked_for()
    {
        using TemporaryFolder folder = new();
        string data = Directory.CreateDirectory(folder.File("digits")).FullName;
        TinyImages.Write(data, side: 28, training: 24, test: 1);
        TinyRun.Train(folder.Path, "run", "--max-steps", "1", "--data", "digits");

        CliProcess.Result json = CliProcess.Run(folder.Path, "eval", "run", "--json");
        Assert.AreEqual(0, json.ExitCode, json.Error);
        using JsonDocument figures = JsonDocument.Parse(json.Output);
        Assert.AreEqual(1, figures.RootElement.GetProperty("images").GetInt32());
        Assert.AreEqual(JsonValueKind.Null, figures.RootElement.GetProperty("standard_error").ValueKind, "one image has no deviation");
        DataSource own = DataSource.Open(data);
        Assert.AreEqual(data, figures.RootElement.GetProperty("trained_on").GetString());
        Assert.AreEqual(own.Training.Sha256, figures.RootElement.GetProperty("trained_on_sha256").GetString());
        Assert.AreEqual($"{data}, test", figures.RootElement.GetProperty("data").GetString());
        Assert.AreEqual(own.Test().Sha256, figures.RootElement.GetProperty("data_sha256").GetString());

        CliProcess.Result mini = CliProcess.Run(folder.Path, "eval", "run", "--data", "mini");
        Assert.Contains("mini, test: all 2000", mini.Output);
        Assert.MatchesRegex("trained on .*digits, SHA-256", mini.Output);

        Directory.Delete(data, recursive: true);
        CliProcess.Result gone = CliProcess.Run(folder.Path, "eval", "run");
        Assert.AreEqual(2, gone.ExitCode);
        Assert.Contains("Say with --data", gone.Error);
    }

    [TestMethod]
    public void Samples_depend_on_the_seed_and_on_nothing_else()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "1");
        byte[] Draw(string file, params string[] more)
        {
            CliProcess.Result result = CliProcess.Run(folder.Path, ["sample", "run", "--count", "4", "--out", file, .. more]);
            Assert.AreEqual(0, result.ExitCode, result.Error);
            return File.ReadAllBytes(Path.Combine(folder.Path, file));
        }

        byte[] first = Draw("a.png", "--seed", "5");
        Assert.AreSequenceEqual(first, Draw("b.png", "--seed", "5", "--threads", "1"));
        Assert.AreNotSequenceEqual(first, Draw("c.png", "--seed", "6"));
    }
}
