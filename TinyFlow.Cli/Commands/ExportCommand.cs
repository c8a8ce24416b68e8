using System.CommandLine;
using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Cli.Commands;

/// <summary>tinyflow export.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        Option<string> output = new("--out") { Description = "The file to write.", DefaultValueFactory = _ => "model.safetensors", HelpName = "FILE.safetensors" };
        Command command = new("export", "Write a run's model alone, without the state of its training, which is two thirds of a checkpoint or more.") { output };
        ModelChoice choice = ModelChoice.AddTo(command);
        command.SetAction(parsed =>
        {
            RunLocation location = choice.Find(parsed);
            string file = parsed.GetValue(output)!;
            Checkpoint checkpoint = Checkpoint.LoadModel(location.Checkpoint);
            checkpoint.Save(file);
            Console.WriteLine($"wrote {file}: {checkpoint.Model.Count} tensors, {new FileInfo(file).Length:N0} bytes, from {location.Checkpoint}");
            return ExitCode.Success;
        });
        return command;
    }
}
