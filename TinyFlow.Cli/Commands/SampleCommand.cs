using System.CommandLine;
using System.Globalization;
using TinyFlow.Cli.Devices;
using TinyFlow.Cli.Pictures;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;

namespace TinyFlow.Cli.Commands;

/// <summary>tinyflow sample.</summary>
internal static class SampleCommand
{
    // All images are in memory, and on one sheet; whoever wants more draws them with several seeds.
    private const int DefaultCount = 100, MostImages = 10_000;

    public static Command Create()
    {
        Option<int> count = CommonOptions.Between(new Option<int>("--count") { Description = $"How many images, at most {MostImages}.", DefaultValueFactory = _ => DefaultCount, HelpName = "N" }, 1, MostImages);
        Option<double> temperature = CommonOptions.Positive(new Option<double>("--temperature")
        {
            Description = "The standard deviation of the latent variables: 1 is the model's own, less is more typical.",
            DefaultValueFactory = _ => SampleDefaults.Temperature,
            HelpName = "T",
        });
        Option<ulong> seed = CommonOptions.Seed("Another seed, other images.");
        Option<string> output = CommonOptions.FileEndingIn(
            new Option<string>("--out") { Description = "The PNG file to write.", DefaultValueFactory = _ => "samples.png", HelpName = "FILE.png" }, ".png");
        Command command = new("sample", "Draw images from a trained model into a PNG file.") { count, temperature, seed, output };
        DeviceOptions device = DeviceOptions.AddTo(command);
        ModelChoice choice = ModelChoice.AddTo(command);
        command.SetAction(parsed => Execute(
            choice.Find(parsed), parsed.GetValue(count), parsed.GetValue(temperature), parsed.GetValue(seed), CommonOptions.InFolder(output, parsed.GetValue(output)!),
            device.Of(parsed)));
        return command;
    }

    private static int Execute(RunLocation location, int count, double temperature, ulong seed, string output, DeviceRequest device)
    {
        using IBackend backend = DeviceChoice.Open(device);
        using TrainedModel trained = TrainedModel.Load(location, backend);
        ImageSet images = Sampler.Draw(trained.Model, count, temperature, seed, out int notFinite);
        string at = temperature.ToString(CultureInfo.InvariantCulture);
        if (notFinite > 0)
        {
            throw new InvalidOperationException(
                $"{notFinite} of {count} images drawn from {location.Checkpoint} at temperature {at} are infinite or not a number; nothing was written. "
                + "Lower the temperature; if that does not help, the model is damaged or its training has failed.");
        }

        int columns = (int)Math.Ceiling(Math.Sqrt(count)), rows = (count + columns - 1) / columns;
        ImageGrid.Save(output, images, rows, columns);
        Console.WriteLine($"wrote {output}: {Words.Count(count, "image")} at temperature {at} from {location.Checkpoint}");
        return ExitCode.Success;
    }
}
