using System.Diagnostics;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Tests.Files;

namespace TinyFlow.Tests.Cli;

/// <summary>A user's mistakes: each gives a sentence and an exit code, never a stack trace, and nothing is lost.</summary>
[TestClass]
public sealed class MistakeTests
{
    [TestMethod]
    [DataRow(2, "Known ones: quick, ", "train", "--preset", "best")]
    [DataRow(2, "Known ones: auto, cpu, cuda, cuda:N with the number of a GPU, reference", "train", "--device", "tpu")]
    [DataRow(2, "--device 'cuda:-1' is not known", "eval", "--device", "cuda:-1")]
    [DataRow(2, "--device 'cuda:' is not known", "sample", "--device", "cuda:")]
    [DataRow(2, "--precision 'low' is not known. Known ones: highest, high", "eval", "--precision", "low")]
    [DataRow(2, "--device cuda: Could not load the NVIDIA driver. Tried: /nope, which TINYFLOW_LIBCUDA names. Install", "train", "--device", "cuda")]
    [DataRow(2, "Known ones: exact, notebook", "train", "--objective", "adversarial")]
    [DataRow(2, "--batch-size must be a whole number of at least 1; found '0'", "train", "--batch-size", "0")]
    [DataRow(2, "--batch-size 9000 is more than the 8334 training images", "train", "--batch-size", "9000")]
    [DataRow(2, "--epochs must be a whole number of at least 1; found 'many'", "train", "--epochs", "many")]
    [DataRow(2, "--learning-rate must be a positive number; found '-1'", "train", "--learning-rate", "-1")]
    [DataRow(2, "--threads must be a whole number from 1 to 1024", "train", "--threads", "0")]
    [DataRow(2, "--count must be a whole number from 1 to 10000; found '1000000'", "sample", "--count", "1000000")]
    [DataRow(2, "--seed cannot be given with --resume", "train", "--resume", "x", "--seed", "1")]
    [DataRow(2, "--set cannot be given with --resume", "train", "--resume", "x", "--set", "blocks=2")]
    [DataRow(2, "--set must be given NAME=VALUE; found 'blocks'", "train", "--set", "blocks")]
    [DataRow(2, "--set layers has an option of its own: --layers.", "train", "--set", "layers=2")]
    [DataRow(2, "--set seed has an option of its own: --seed.", "train", "--set", "seed=2")]
    [DataRow(2, "--set blocks is given twice", "train", "--set", "blocks=2", "--set", "blocks=1")]
    [DataRow(2, "There is no setting 'block'. Settings are: layers, ", "train", "--set", "block=2")]
    [DataRow(2, "Setting 'blocks' cannot be 'two'. Expected: a whole number.", "train", "--set", "blocks=two")]
    [DataRow(2, "Setting 'coupling' cannot be 'affine'. Expected: Mixture, Spline.", "train", "--set", "coupling=affine")]
    [DataRow(2, "Setting 'average_decay' cannot be 'off'. Expected: a number, or null.", "train", "--set", "average_decay=off")]
    [DataRow(2, "noise layers must be at least 0; found -1", "train", "--set", "noise_layers=-1")]
    [DataRow(2, "There is no command 'dance'. Commands are: train, sample, ", "dance")]
    [DataRow(2, "There is no command 'trian'. Did you mean 'train'?", "trian", "--epochs", "1")]
    [DataRow(2, "tinyflow --help", "dance")]
    [DataRow(2, "--frob", "--frob")]
    [DataRow(2, "--threads must be a whole number from 1 to 1024; found '100000'", "train", "--threads", "100000")]
    [DataRow(2, "--out is empty", "train", "--out", "")]
    [DataRow(2, "--data is empty", "train", "--data", "")]
    [DataRow(2, "--resume is empty", "train", "--resume", "")]
    [DataRow(2, "--out is empty", "sample", "--out", "")]
    [DataRow(2, "--data is empty", "eval", "--data", " ")]
    [DataRow(2, "RUN is empty", "info", "")]
    [DataRow(2, "layers must be from 1 to 10000; found 1000000", "train", "--layers", "1000000")]
    [DataRow(2, "hidden must be from 1 to 100000; found 100000000", "train", "--hidden", "100000000")]
    [DataRow(1, "GiB of memory for its parameters", "train", "--preset", "notebook", "--hidden", "100000")]
    [DataRow(1, "GiB of memory for its parameters", "train", "--layers", "10000", "--hidden", "10000")]
    [DataRow(1, "batch of 8,334 images needs about", "train", "--preset", "notebook", "--layers", "200", "--batch-size", "8334")]
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
    public void A_folder_that_cannot_be_made_is_named()
    {
        using TemporaryFolder folder = new();
        folder.Write("file", [1]);
        CliProcess.Result result = CliProcess.Run(folder.Path, [.. TinyRun.Arguments, "--max-steps", "1", "--out", Path.Combine("file", "run")]);
        Assert.AreEqual(1, result.ExitCode, result.Error);
        Assert.Contains($"{Path.Combine("file", "run")}: the folder cannot be made", result.Error);
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void A_folder_where_nothing_can_be_made_is_named()
    {
        // A folder without permissions would not stop root; the kernel's own file system stops everyone.
        using TemporaryFolder folder = new();
        CliProcess.Result result = CliProcess.Run(folder.Path, [.. TinyRun.Arguments, "--max-steps", "1", "--out", "/proc/run"]);
        Assert.AreEqual(1, result.ExitCode, result.Error);
        Assert.Contains("/proc/run: the folder cannot be made", result.Error);
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void A_full_disk_while_saving_is_named_and_the_old_checkpoint_is_as_it_was()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "1");
        string path = Path.Combine(folder.Path, "run", "checkpoint.safetensors");
        byte[] before = File.ReadAllBytes(path);

        // Where the new file is written before it takes the old one's name; every write to this device finds it full.
        File.CreateSymbolicLink(path + ".tmp", "/dev/full");
        CliProcess.Result result = CliProcess.Run(folder.Path, "train", "--resume", "run", "--max-steps", "2");
        Assert.AreEqual(1, result.ExitCode, result.Error);
        Assert.Contains("checkpoint.safetensors: the file cannot be written: the disk is full. The old file is unchanged.", result.Error);
        Assert.AreSequenceEqual(before, File.ReadAllBytes(path));
        CliProcess.Result again = CliProcess.Run(folder.Path, "train", "--resume", "run", "--max-steps", "2");
        Assert.AreEqual(0, again.ExitCode, again.Error);
    }

    [TestMethod]
    [OSCondition(OperatingSystems.Linux)]
    public void A_message_that_cannot_be_written_leaves_the_exit_code_as_it_is()
    {
        string program = CliProcess.ShellCommand;
        using Process shell = Process.Start("/bin/sh", ["-c", $"{program} info nothing-here 2>/dev/full; test $? = 1 && {program} dance 2>/dev/full; test $? = 2"]);
        shell.WaitForExit();
        Assert.AreEqual(0, shell.ExitCode);
    }

    [TestMethod]
    public void A_compressed_file_that_is_cut_off_is_named()
    {
        using TemporaryFolder folder = new();
        byte[] pixels = new byte[6 * 784];
        new Random(1).NextBytes(pixels);
        byte[] images = IdxTests.Packed(IdxTests.Idx([6, 28, 28], pixels), true);
        folder.Write("train-images-idx3-ubyte.gz", images[..(images.Length / 2)]);
        folder.Write("train-labels-idx1-ubyte.gz", IdxTests.Packed(IdxTests.Idx([6], new byte[6]), true));
        CliProcess.Result result = CliProcess.Run(folder.Path, "train", "--data", ".", "--out", "run");
        Assert.AreEqual(1, result.ExitCode, result.Error);
        Assert.Contains("train-images-idx3-ubyte.gz", result.Error);
        Assert.IsFalse(Directory.Exists(folder.File("run")));
    }

    [TestMethod]
    public void Images_of_another_size_than_the_models_are_refused()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "1");
        TinyImages.Write(folder.Path, side: 8, training: 6, test: 2);
        CliProcess.Result result = CliProcess.Run(folder.Path, "eval", "run", "--data", ".");
        Assert.AreEqual(1, result.ExitCode, result.Error);
        Assert.Contains("The model is for images of 1x28x28", result.Error);
        Assert.Contains("1x8x8", result.Error);
        Assert.AreEqual("", result.Output);
    }

    [TestMethod]
    public void A_newer_configuration_is_refused_by_every_command()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "1");
        string config = Path.Combine(folder.Path, "run", "config.json");
        string newer = File.ReadAllText(config).Replace("\"format_version\": 1", "\"format_version\": 2", StringComparison.Ordinal);
        File.WriteAllText(config, newer);
        string file = Path.Combine("run", "checkpoint.safetensors");
        foreach (string[] command in (string[][])[["sample", "run"], ["eval", "run"], ["info", "run"], ["train", "--resume", "run"], ["info", file], ["train", "--resume", file]])
        {
            CliProcess.Result result = CliProcess.Run(folder.Path, command);
            Assert.AreEqual(1, result.ExitCode, string.Join(' ', command));
            Assert.Contains("config.json: the file has format version 2, but this TinyFlow knows versions up to 1. Upgrade", result.Error);
        }

        Assert.AreEqual(newer, File.ReadAllText(config));
    }

    [TestMethod]
    public void What_comes_out_infinite_is_not_drawn()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "1");
        CliProcess.Result result = CliProcess.Run(folder.Path, "sample", "run", "--count", "3", "--temperature", "1e300");
        Assert.AreEqual(1, result.ExitCode, result.Error);
        Assert.Contains("3 of 3 images", result.Error);
        Assert.IsFalse(File.Exists(folder.File("samples.png")));
    }

    [TestMethod]
    public void A_run_that_died_before_its_first_checkpoint_is_started_again_in_its_folder()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "1");
        File.Delete(Path.Combine(folder.Path, "run", "checkpoint.safetensors"));
        File.Delete(Path.Combine(folder.Path, "run", "best.safetensors"));
        CliProcess.Result result = CliProcess.Run(folder.Path, "train", "--resume", "run");
        Assert.AreEqual(1, result.ExitCode);
        Assert.Contains("start it again: tinyflow train --out \"run\"", result.Error);
        TinyRun.Train(folder.Path, "run", "--max-steps", "1");
    }

    [TestMethod]
    public void A_deleted_folder_of_samples_is_made_again()
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "1");
        Directory.Delete(Path.Combine(folder.Path, "run", "samples"), recursive: true);
        CliProcess.Result result = CliProcess.Run(folder.Path, "train", "--resume", "run", "--max-steps", "2");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.DoesNotContain("Warning", result.Error);
        Assert.IsTrue(File.Exists(Path.Combine(folder.Path, "run", "samples", "epoch-0001.png")));
    }

    [TestMethod]
    public void One_image_to_validate_on_has_no_standard_error_and_a_folder_with_a_space_is_quoted()
    {
        using TemporaryFolder folder = new();
        TinyImages.Write(folder.Path, side: 8, training: 7, test: 1);
        CliProcess.Result result = CliProcess.Run(
            folder.Path, "train", "--preset", "notebook", "--layers", "1", "--hidden", "4", "--batch-size", "2", "--data", ".", "--max-steps", "1", "--out", "my run");
        Assert.AreEqual(0, result.ExitCode, result.Error);
        Assert.DoesNotContain("NaN", result.Output + result.Error);
        Assert.Contains(" bits/dim, 1 image, 1 noise draw", result.Output);
        Assert.MatchesRegex(@"references    \d\.\d\d \(one histogram of all pixels\), \d\.\d\d \(a histogram for each pixel\): validation images", result.Output);
        Assert.DoesNotContain("MNIST", result.Output);
        Assert.Contains("tinyflow sample \"my run\"    tinyflow eval \"my run\"", result.Output);
    }

    [TestMethod]
    [DataRow("checkpoint.safetensors")]
    [DataRow("model.safetensors")]
    public void Training_does_not_go_on_in_a_folder_that_is_not_a_runs(string name)
    {
        using TemporaryFolder folder = new();
        TinyRun.Train(folder.Path, "run", "--max-steps", "1");
        string other = Directory.CreateDirectory(folder.File("other")).FullName, config = Path.Combine(other, "config.json");
        File.Copy(Path.Combine(folder.Path, "run", "checkpoint.safetensors"), Path.Combine(other, name));
        File.WriteAllText(config, "{\"mine\": true}");
        CliProcess.Result result = CliProcess.Run(folder.Path, "train", "--resume", Path.Combine("other", name), "--max-steps", "2");
        Assert.AreEqual(2, result.ExitCode, result.Error);
        Assert.Contains("goes on in a run folder", result.Error);
        Assert.AreEqual("{\"mine\": true}", File.ReadAllText(config));
        Assert.HasCount(2, Directory.GetFileSystemEntries(other));
        Assert.AreEqual(0, CliProcess.Run(folder.Path, "info", Path.Combine("other", name)).ExitCode, "to look at it is no harm");
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

        File.WriteAllBytes(path, System.Text.Encoding.Latin1.GetBytes(text.Replace("\"hidden\\\"", "\"hiddem\\\"", StringComparison.Ordinal)));
        foreach (string[] command in (string[][])[["sample", "run"], ["eval", "run"], ["info", "run"], ["compare", "run", "run"], ["train", "--resume", "run"]])
        {
            CliProcess.Result unknown = CliProcess.Run(folder.Path, command);
            Assert.AreEqual(1, unknown.ExitCode, command[0]);
            Assert.MatchesRegex("tinyflow: [^ ]*checkpoint.safetensors: .*hiddem", unknown.Error);
        }
    }
}
