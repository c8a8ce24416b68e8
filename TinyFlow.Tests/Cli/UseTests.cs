using System.Text.Json;
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
