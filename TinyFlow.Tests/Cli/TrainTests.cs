using System.Diagnostics;
using System.Text.Json;
using SkiaSharp;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Tests.Files;

namespace TinyFlow.Tests.Cli;

[TestClass]
public sealed class TrainTests
{
    [TestMethod]
    public void A_run_leaves_everything_that_it_promises()
    {
        using TemporaryFolder folder = new();
        CliProcess.Result result = TinyRun.Train(folder.Path, "run", "--max-steps", "3");
        foreach (string file in (string[])["config.json", "metrics.jsonl", "checkpoint.safetensors", "samples.png", "real-vs-generated.png", "training.png", "samples/epoch-0001.png"])
        {
            Assert.IsTrue(File.Exists(Path.Combine(folder.Path, "run", file)), file);
            Assert.Contains(Path.Combine("run", file), result.Output);
        }

        foreach (string word in (string[])["initial", "final", "improvement", "1.92", "1.06", "validation"])
        {
            Assert.Contains(word, result.Output);
        }

        foreach (string word in (string[])["shapes", "base log_prob", "reconstruction error", "log_det", "parameters", "first loss"])
        {
            Assert.Contains(word, result.Error);
        }
    }

    [TestMethod]
    public void Images_in_colour_are_trained_on_measured_and_drawn()
    {
        using TemporaryFolder folder = new();
        TinyImages.WriteCifar(Directory.CreateDirectory(folder.File("cifar")).FullName, imagesInABatch: 3);
        CliProcess.Result train = CliProcess.Run(
            folder.Path, "train", "--preset", "paper-cifar", "--layers", "1", "--hidden", "4", "--batch-size", "4", "--data", "cifar", "--max-steps", "2", "--out", "run");
        Assert.AreEqual(0, train.ExitCode, train.Error);
        Assert.Contains("13 images of 3x32x32", train.Error);
        CliProcess.Result eval = CliProcess.Run(folder.Path, "eval", "run", "--json");
        Assert.AreEqual(0, eval.ExitCode, eval.Error);
        using JsonDocument figures = JsonDocument.Parse(eval.Output);
        Assert.AreEqual(3, figures.RootElement.GetProperty("images").GetInt32());
        Assert.AreEqual(figures.RootElement.GetProperty("nll").GetDouble(), figures.RootElement.GetProperty("bits_per_dim").GetDouble() * 3072 * Math.Log(2), 1e-6);
        foreach (string picture in (string[])["samples.png", "real-vs-generated.png"])
        {
            using SKBitmap read = SKBitmap.Decode(Path.Combine(folder.Path, "run", picture));
            Assert.IsGreaterThan(1000, read.Pixels.Count(color => color.Red != color.Green && color.Green != color.Blue), picture);
        }
    }

    [TestMethod]
    public void A_process_that_may_use_one_core_uses_one_and_computes_the_same()
    {
        // The runtime takes a container's share of the processors, or a process' affinity, for their number, and so it does this variable's.
        using TemporaryFolder folder = new();
        Dictionary<string, string?> one = new(CliProcess.WithoutGpu) { ["DOTNET_PROCESSOR_COUNT"] = "1" };
        string[] train = ["train", "--preset", "notebook", "--layers", "2", "--hidden", "8", "--batch-size", "16", "--max-steps", "2", "--out"];
        CliProcess.Result alone = CliProcess.Run(one, folder.Path, [.. train, "alone"]), together = CliProcess.Run(folder.Path, [.. train, "together", "--threads", "3"]);
        Assert.AreEqual((0, 0), (alone.ExitCode, together.ExitCode), alone.Error + together.Error);
        Assert.Contains("cpu, 1 thread.", alone.Error);
        Assert.Contains("cpu, 3 threads.", together.Error);
        IReadOnlyList<StoredTensor> expected = Model("alone"), found = Model("together");
        foreach ((StoredTensor first, StoredTensor second) in expected.Zip(found))
        {
            Assert.IsTrue(first.Bytes.SequenceEqual(second.Bytes), $"{first} depends on the number of threads");
        }

        IReadOnlyList<StoredTensor> Model(string run) => Checkpoint.Load(Path.Combine(folder.Path, run, "checkpoint.safetensors")).Model;
    }

    [TestMethod]
    public void A_changed_setting_is_trained_with_and_written_down()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "1", "--set", "warm_up_steps=7", "--set", "average_decay=null");
        string config = File.ReadAllText(Path.Combine(folder.Path, "run", "config.json"));
        Assert.Contains("\"warm_up_steps\": 7", config);
        Assert.Contains("\"average_decay\": null", config);
    }

    [TestMethod]
    public void A_budget_of_time_comes_with_a_cosine_unless_another_schedule_is_asked_for()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--budget", "1s");
        string config = File.ReadAllText(Path.Combine(folder.Path, "run", "config.json"));
        Assert.Contains("\"schedule\": \"Cosine\"", config);
        Assert.Contains("\"budget_seconds\": 1", config);

        TinyRun.Train(folder.Path, "steps", "--budget", "1s", "--set", "schedule=step");
        Assert.Contains("\"schedule\": \"Step\"", File.ReadAllText(Path.Combine(folder.Path, "steps", "config.json")));
    }

    [TestMethod]
    public void The_optimizer_and_the_memory_of_a_run_can_be_chosen()
    {
        using TemporaryFolder folder = new();
        double[] Trained(params string[] options)
        {
            TinyRun.Train(folder.Path, $"run{options.Length}", ["--max-steps", "3", .. options]);
            return [.. Checkpoint.Load(Path.Combine(folder.Path, $"run{options.Length}", "checkpoint.safetensors")).Model.SelectMany(tensor => tensor.ToDoubles())];
        }

        double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());
        double[] adam = Trained(), adamax = Trained("--optimizer", "adamax"), reversible = Trained("--optimizer", "adamax", "--memory", "reversible");
        Assert.Contains("\"memory\": \"Reversible\"", File.ReadAllText(Path.Combine(folder.Path, "run4", "config.json")));
        Assert.IsInRange(double.Epsilon, Distance(adam, adamax) / 10, Distance(adamax, reversible), "the inverse rounds");
    }

    [TestMethod]
    public void Training_reads_no_test_images()
    {
        using TemporaryFolder folder = new();
        string data = Directory.CreateDirectory(folder.File("digits")).FullName;
        TinyImages.Write(data, side: 28, training: 24, test: 3);
        foreach (string file in Directory.GetFiles(data, "t10k-*"))
        {
            File.Delete(file);
        }

        TinyRun.Train(folder.Path, "run", "--max-steps", "1", "--data", "digits");
        CliProcess.Result validation = CliProcess.Run(folder.Path, "eval", "run", "--split", "validation"), test = CliProcess.Run(folder.Path, "eval", "run");
        Assert.AreEqual(0, validation.ExitCode, validation.Error);
        Assert.Contains("validation: all 4", validation.Output);
        Assert.AreEqual(1, test.ExitCode);
        Assert.Contains("t10k-images", test.Error);
    }

    [TestMethod]
    public void Each_line_of_metrics_is_an_object_with_every_property()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "2");
        string[] lines = File.ReadAllLines(Path.Combine(folder.Path, "run", "metrics.jsonl"));
        Assert.HasCount(3, lines, "one logged step, the epoch on the training images and on the validation images");
        foreach (string line in lines)
        {
            using JsonDocument row = JsonDocument.Parse(line);
            foreach (string name in (string[])["step", "epoch", "split", "nll", "bits_per_dim", "log_prob_z", "log_det", "batch_norm", "dequantization", "l2", "grad_norm", "learning_rate", "images_per_second", "seconds"])
            {
                Assert.IsTrue(row.RootElement.TryGetProperty(name, out _), $"{name} in {line}");
            }
        }
    }

    [TestMethod]
    public void A_resumed_run_is_the_uninterrupted_one_bit_for_bit()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "whole", "--max-steps", "7");
        TinyRun.Train(folder.Path, "parts", "--max-steps", "4");
        CliProcess.Result resumed = CliProcess.Run(folder.Path, "train", "--resume", "parts", "--max-steps", "7", "--threads", "2");
        Assert.AreEqual(0, resumed.ExitCode, resumed.Error);

        Checkpoint whole = Checkpoint.Load(Path.Combine(folder.Path, "whole", "checkpoint.safetensors"));
        Checkpoint parts = Checkpoint.Load(Path.Combine(folder.Path, "parts", "checkpoint.safetensors"));
        Assert.AreEqual(7L, parts.Counter("step"));
        foreach ((StoredTensor a, StoredTensor b) in whole.Model.Concat(Trained(whole)).Zip(parts.Model.Concat(Trained(parts))))
        {
            Assert.AreEqual(a.Name, b.Name);
            Assert.IsTrue(a.Bytes.SequenceEqual(b.Bytes), $"{a.Name} differs");
        }
    }

    [TestMethod]
    public void Training_does_not_depend_on_the_number_of_threads()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "one", "--max-steps", "2");
        Assert.AreEqual(0, CliProcess.Run(folder.Path, "train", "--preset", "notebook", "--layers", "2", "--hidden", "8", "--batch-size", "16", "--threads", "3", "--out", "three", "--max-steps", "2").ExitCode);
        Assert.AreSequenceEqual(
            Checkpoint.Load(Path.Combine(folder.Path, "one", "checkpoint.safetensors")).Model.SelectMany(tensor => tensor.ToDoubles()),
            Checkpoint.Load(Path.Combine(folder.Path, "three", "checkpoint.safetensors")).Model.SelectMany(tensor => tensor.ToDoubles()));
    }

    [TestMethod]
    public void The_notebooks_objective_is_never_printed_without_saying_that_it_is_no_likelihood()
    {
        using TemporaryFolder folder = new();
        CliProcess.Result result = TinyRun.Train(folder.Path, "run", "--max-steps", "1", "--objective", "notebook");
        Assert.Contains("not a likelihood", result.Output);
        Assert.Contains("not a likelihood", result.Error);
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux | OperatingSystems.OSX)]
    public void Ctrl_C_saves_and_says_how_to_go_on()
    {
        using TemporaryFolder folder = new();
        using Process process = CliProcess.StartUntil("step", folder.Path, [.. TinyRun.Arguments, "--out", "run", "--epochs", "1000"]);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        CliProcess.Signal(process, "-INT");
        string rest = process.StandardError.ReadToEnd();
        Assert.IsTrue(process.WaitForExit(60_000), "the process goes on");
        Assert.AreEqual(130, process.ExitCode, rest);
        Assert.Contains("--resume run", rest);
        Assert.AreEqual("", output.Result);
        Assert.IsGreaterThan(0, Checkpoint.Load(Path.Combine(folder.Path, "run", "checkpoint.safetensors")).Counter("step"));
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux | OperatingSystems.OSX)]
    public void Ctrl_C_twice_quits_at_once()
    {
        // The checks of a large model on the slow backend take seconds, which are not waited for.
        using TemporaryFolder folder = new();
        using Process process = CliProcess.StartUntil(
            "Training preset", folder.Path, ["train", "--preset", "notebook", "--layers", "8", "--hidden", "64", "--device", "reference", "--out", "run"]);
        CliProcess.Signal(process, "-INT");
        CliProcess.WaitForLine(process, "press Ctrl-C again");
        CliProcess.Signal(process, "-INT");
        string rest = process.StandardError.ReadToEnd();
        Assert.IsTrue(process.WaitForExit(60_000), "the process goes on");
        Assert.AreEqual(130, process.ExitCode, rest);
        Assert.DoesNotContain("Stopped after step", rest);
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux | OperatingSystems.OSX)]
    public void A_run_that_is_killed_within_its_first_epoch_is_resumed_as_if_it_had_not_been()
    {
        using TemporaryFolder folder = new();
        using (Process process = CliProcess.StartUntil("step", folder.Path, [.. TinyRun.Arguments, "--out", "killed", "--epochs", "1000"]))
        {
            CliProcess.Signal(process, "-KILL");
            process.WaitForExit();
        }

        string path = Path.Combine(folder.Path, "killed", "checkpoint.safetensors");
        Assert.AreEqual(0L, Checkpoint.Load(path).Counter("step"));
        CliProcess.Result resumed = CliProcess.Run(folder.Path, "train", "--resume", "killed", "--max-steps", "2");
        Assert.AreEqual(0, resumed.ExitCode, resumed.Error);
        Assert.DoesNotContain("first loss", resumed.Error);

        // The number of epochs is part of the schedule: the other must ask for the same.
        TinyRun.Train(folder.Path, "whole", "--epochs", "1000", "--max-steps", "2");
        Assert.AreSequenceEqual(
            Checkpoint.Load(Path.Combine(folder.Path, "whole", "checkpoint.safetensors")).Model.SelectMany(tensor => tensor.ToDoubles()),
            Checkpoint.Load(path).Model.SelectMany(tensor => tensor.ToDoubles()));
    }

    private static IEnumerable<StoredTensor> Trained(Checkpoint checkpoint) =>
        checkpoint.Optimizer.Where(tensor => !tensor.Name.StartsWith("epoch_sums", StringComparison.Ordinal));
}
