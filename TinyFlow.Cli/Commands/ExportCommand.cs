using System.CommandLine;
using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Cli.Commands;

/// <summary>tinyflow export.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        Option<string> output = CommonOptions.NotEmpty(new Option<string>("--out") { Description = "The file to write.", DefaultValueFactory = _ => "model.safetensors", HelpName = "FILE.safetensors" });
        Option<bool> half = new("--half") { Description = "Round the numbers to float16: half the size, and a model of its own, whose figures `tinyflow eval FILE` gives." };
        Command command = new("export", "Write a run's model alone, without the state of its training, which is two thirds of a checkpoint or more.") { output, half };
        ModelChoice choice = ModelChoice.AddTo(command);
        command.SetAction(parsed =>
        {
            RunLocation location = choice.Find(parsed);
            string file = CommonOptions.InFolder(output, parsed.GetValue(output)!);
            if (Path.GetFullPath(file) == Path.GetFullPath(location.Checkpoint) || (File.Exists(file) && RunFolder.Find(file).Folder is not null))
            {
                throw new UsageException($"--out {file} is a run's own model, with the state of its training that would be lost. Write to another file.");
            }

            Checkpoint checkpoint = Checkpoint.LoadModel(location.Checkpoint);
            if (parsed.GetValue(half))
            {
                checkpoint = InHalfPrecision(checkpoint);
            }

            checkpoint.Save(file);
            Console.WriteLine($"wrote {file}: {checkpoint.Model.Count} tensors, {new FileInfo(file).Length:N0} bytes, from {location.Checkpoint}");
            return ExitCode.Success;
        });
        return command;
    }

    private static Checkpoint InHalfPrecision(Checkpoint checkpoint)
    {
        try
        {
            return checkpoint.InHalfPrecision();
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"{e.Message} Export the model without --half.");
        }
    }
}
