using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Tests.Files;

[TestClass]
public sealed class RunFolderTests
{
    private static readonly DateTime Now = new(2026, 2, 3, 4, 5, 6);

    [TestMethod]
    public void A_run_has_its_files_where_the_documentation_says()
    {
        RunFolder run = new("r");
        string[] files = [run.Config, run.Metrics, run.Checkpoint, run.Best, run.EpochPicture(10), run.TrainingPicture, run.RealVersusGenerated, run.SamplesPicture];
        string[] expected = ["config.json", "metrics.jsonl", "checkpoint.safetensors", "best.safetensors", "samples/epoch-0010.png", "training.png", "real-vs-generated.png", "samples.png"];
        CollectionAssert.AreEqual(expected.Select(name => "r/" + name).ToArray(), files.Select(path => path.Replace('\\', '/')).ToArray());
    }

    [TestMethod]
    public void A_folder_that_holds_a_run_or_is_a_file_is_not_taken_for_a_new_one()
    {
        using TemporaryFolder folder = new();
        RunFolder run = RunFolder.Create(folder.File("mine"), "quick", Now);
        Assert.IsTrue(Directory.Exists(Path.Combine(run.Path, "samples")));
        File.WriteAllText(run.Checkpoint, "");
        StringAssert.Contains(Refused(() => RunFolder.Create(folder.File("mine"), "quick", Now)), "already holds a run");
        string file = folder.Write("file", []);
        StringAssert.Contains(Refused(() => RunFolder.Create(file, "quick", Now)), $"the folder cannot be made: {file} is a file");
        StringAssert.Contains(Refused(() => RunFolder.Create(Path.Combine(file, "below"), "quick", Now)), $"the folder cannot be made: {file} is a file");
    }

    [TestMethod]
    public void A_folder_whose_run_ended_before_its_first_checkpoint_is_taken_again_but_no_other_programs()
    {
        using TemporaryFolder folder = new();
        RunFolder run = RunFolder.Create(folder.File("mine"), "quick", Now);
        run.WriteConfig("{}");
        StringAssert.Contains(Refused(() => RunFolder.Find(run.Path)), $"start it again: tinyflow train --out \"{run.Path}\"");
        Assert.AreEqual(run, RunFolder.Create(run.Path, "quick", Now));
        File.WriteAllText(run.Config, """{"mine":true}""");
        StringAssert.Contains(Refused(() => RunFolder.Create(run.Path, "quick", Now)), "config.json: this file is not TinyFlow's");
    }

    [TestMethod]
    public void The_configuration_comes_back_and_a_newer_one_is_refused()
    {
        using TemporaryFolder folder = new();
        RunFolder run = new(folder.Path);
        run.WriteConfig("""{"preset":"größer","layers":[1,2]}""");
        using System.Text.Json.JsonDocument json = System.Text.Json.JsonDocument.Parse(run.ReadConfig());
        Assert.AreEqual("größer", json.RootElement.GetProperty("preset").GetString());

        File.WriteAllText(run.Config, File.ReadAllText(run.Config).Replace("\"format_version\": 1", "\"format_version\": 2"));
        StringAssert.Contains(Refused(() => run.ReadConfig()), "config.json: the file has format version 2, but this TinyFlow knows versions up to 1. Upgrade");
        File.WriteAllText(run.Config, "{\n\"format_version\": 1,\n");
        StringAssert.Contains(Refused(() => run.ReadConfig()), "not valid JSON (line");
        File.WriteAllText(run.Config, "[]");
        StringAssert.Contains(Refused(() => run.ReadConfig()), "not TinyFlow's");
        File.Delete(run.Config);
        StringAssert.Contains(Refused(() => run.ReadConfig()), "no such file");
    }

    [TestMethod]
    public void The_newest_run_is_the_one_whose_checkpoint_is_the_newest()
    {
        using TemporaryFolder folder = new();
        StringAssert.Contains(Refused(() => RunFolder.Find(null, folder.Path)), "There is no run yet");
        MakeRun(folder, "b-older", Now);
        MakeRun(folder, "a-newer", Now.AddMinutes(1));
        Directory.CreateDirectory(Path.Combine(folder.Path, "runs", "z-started"));
        RunLocation found = RunFolder.Find(null, folder.Path);
        Assert.AreEqual("a-newer", Path.GetFileName(found.Folder!.Path));
        Assert.AreEqual(found.Folder.Checkpoint, found.Checkpoint);
    }

    [TestMethod]
    public void A_run_is_found_by_folder_by_name_and_by_checkpoint_file()
    {
        using TemporaryFolder folder = new();
        RunFolder run = MakeRun(folder, "one", Now);
        Assert.AreEqual(run, RunFolder.Find(run.Path, folder.Path).Folder);
        Assert.AreEqual(run, RunFolder.Find("one", folder.Path).Folder);
        Assert.AreEqual(run, RunFolder.Find(run.Checkpoint, folder.Path).Folder);
        string alone = folder.Write("alone.safetensors", []), copy = Path.Combine(run.Path, "copy.safetensors");
        Assert.AreEqual(new RunLocation(alone, null), RunFolder.Find(alone, folder.Path));
        File.Copy(run.Checkpoint, copy);
        Assert.AreEqual(new RunLocation(copy, null), RunFolder.Find(copy, folder.Path));
        File.WriteAllText(run.Config, File.ReadAllText(run.Config).Replace("\"format_version\": 1", "\"format_version\": 2"));
        StringAssert.Contains(Refused(() => RunFolder.Find("one", folder.Path)), "Upgrade");
        StringAssert.Contains(Refused(() => RunFolder.Find(run.Checkpoint, folder.Path)), "Upgrade");
    }

    [TestMethod]
    public void The_best_model_of_a_run_is_found_in_its_folder_alone()
    {
        using TemporaryFolder folder = new();
        RunFolder run = MakeRun(folder, "one", Now);
        StringAssert.Contains(Refused(() => RunFolder.Find("one", folder.Path).AtBest()), "holds no best.safetensors: the run has not validated yet");
        File.WriteAllBytes(run.Best, []);
        Assert.AreEqual(new RunLocation(run.Best, run), RunFolder.Find("one", folder.Path).AtBest());
        StringAssert.Contains(Refused(() => RunFolder.Find(folder.Write("alone.safetensors", []), folder.Path).AtBest()), "this is one model");
        File.Delete(run.Checkpoint);
        StringAssert.Contains(Refused(() => RunFolder.Find("one", folder.Path)), $"only the best model is left. Name that: {run.Best}");
        StringAssert.Contains(Refused(() => RunFolder.Create(run.Path, "quick", Now)), "already holds a run");
    }

    [TestMethod]
    public void What_is_no_run_is_refused_with_its_reason()
    {
        using TemporaryFolder folder = new();
        StringAssert.Contains(Refused(() => RunFolder.Find(folder.Path, folder.Path)), "it is not a run folder");
        new RunFolder(folder.Path).WriteConfig("{}");
        StringAssert.Contains(Refused(() => RunFolder.Find(folder.Path, folder.Path)), "its training has not got that far");
        MakeRun(folder, "one", Now);
        Assert.AreEqual(
            $"two: there is no such run folder or checkpoint file. The latest runs in '{Path.Combine(folder.Path, "runs")}' are one.",
            Refused(() => RunFolder.Find("two", folder.Path)));
    }

    private static RunFolder MakeRun(TemporaryFolder folder, string name, DateTime time)
    {
        RunFolder run = RunFolder.Create(Path.Combine(folder.Path, "runs", name), "quick", time);
        run.WriteConfig("{}");
        File.WriteAllBytes(run.Checkpoint, []);
        File.SetLastWriteTimeUtc(run.Checkpoint, time);
        return run;
    }

    private static string Refused(Action action) => Assert.ThrowsExactly<CheckpointException>(action).Message;
}
