using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Tests.Files;

namespace TinyFlow.Tests.Cli;

/// <summary>A user's mistakes: each gives a sentence and an exit code, never a stack trace, and nothing is lost.</summary>
[TestClass]
public sealed class MistakeTests
{
    [TestMethod]
    [DataRow(2, "Known ones: quick, notebook", "train", "--preset", "best")]
    [DataRow(2, "Known ones: cpu, reference", "train", "--device", "tpu")]
    [DataRow(2, "Known ones: exact, notebook", "train", "--objective", "adversarial")]
    [DataRow(2, "--batch-size must be a whole number of at least 1; found '0'", "train", "--batch-size", "0")]
    [DataRow(2, "--batch-size 9000 is more than the 8334 training images", "train", "--batch-size", "9000")]
    [DataRow(2, "--epochs must be a whole number of at least 1; found 'many'", "train", "--epochs", "many")]
    [DataRow(2, "--learning-rate must be a positive number; found '-1'", "train", "--learning-rate", "-1")]
    [DataRow(2, "--threads must be a whole number of at least 1", "train", "--threads", "0")]
    [DataRow(2, "--seed cannot be given with --resume", "train", "--resume", "x", "--seed", "1")]
    [DataRow(2, "tinyflow --help", "dance")]
    [DataRow(1, "no such folder", "train", "--data", "nowhere")]
    [DataRow(1, "There is no run yet", "sample")]
    [DataRow(1, "no such run folder or checkpoint file", "eval", "nothing-here")]
    [DataRow(1, "no such run folder or checkpoint file", "train", "--resume", "nothing-here")]
    public void A_mistake_is_named(int exitCode, string expected, params string[] arguments)
    {
        using TemporaryFolder folder = new();
        CliProcess.Result result = CliProcess.Run(folder.Path, arguments);
        Assert.AreEqual(exitCode, result.ExitCode, result.Error);
        Assert.Contains(expected, result.Error);
        Assert.AreEqual("", result.Output);
        Assert.IsEmpty(Directory.EnumerateFileSystemEntries(folder.Path), "a failed command left something behind");
    }

    [TestMethod]
    public void A_folder_without_images_is_named_with_what_was_looked_for()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(Path.Combine(folder.Path, "empty"));
        CliProcess.Result result = CliProcess.Run(folder.Path, "train", "--data", "empty");
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("train-images", result.Error);
    }

    [TestMethod]
    public void A_folder_that_holds_a_run_is_not_overwritten()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "1");
        byte[] before = File.ReadAllBytes(Path.Combine(folder.Path, "run", "checkpoint.safetensors"));
        CliProcess.Result result = CliProcess.Run(folder.Path, "train", "--out", "run");
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("already holds a run", result.Error);
        Assert.AreSequenceEqual(before, File.ReadAllBytes(Path.Combine(folder.Path, "run", "checkpoint.safetensors")));
    }

    [TestMethod]
    public void A_damaged_or_newer_checkpoint_is_refused_by_every_command()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "1");
        string path = Path.Combine(folder.Path, "run", "checkpoint.safetensors");
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, whole[..(whole.Length / 2)]);
        foreach (string[] command in (string[][])[["sample", "run"], ["eval", "run"], ["info", "run"], ["train", "--resume", "run"]])
        {
            CliProcess.Result result = CliProcess.Run(folder.Path, command);
            Assert.AreEqual(1, result.ExitCode, command[0]);
            Assert.Contains("checkpoint.safetensors", result.Error);
        }

        string text = System.Text.Encoding.Latin1.GetString(whole);
        string key = "\"tinyflow.format_version\":\"";
        int version = text.IndexOf(key, StringComparison.Ordinal) + key.Length;
        Assert.AreEqual('0' + Checkpoint.CurrentVersion, text[version]);
        whole[version] = (byte)'9';
        File.WriteAllBytes(path, whole);
        CliProcess.Result newer = CliProcess.Run(folder.Path, "info", "run");
        Assert.AreEqual(1, newer.ExitCode);
        Assert.Contains("Upgrade", newer.Error);
    }
}
