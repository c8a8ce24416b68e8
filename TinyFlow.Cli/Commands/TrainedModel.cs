using TinyFlow.Cli.Data;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Cli.Commands;

/// <summary>A model that a user named by its run, on a backend.</summary>
internal sealed class TrainedModel : IDisposable
{
    private TrainedModel(string path, FlowModel model, RunConfig? run, IReadOnlyDictionary<string, long> counters) =>
        (Path, Model, Run, Counters) = (path, model, run, counters);

    /// <summary>The checkpoint's file.</summary>
    public string Path { get; }

    public FlowModel Model { get; }

    /// <summary>The settings of the run that trained it; null if the checkpoint does not say.</summary>
    public RunConfig? Run { get; }

    /// <summary>The state of that training, such as its steps.</summary>
    public IReadOnlyDictionary<string, long> Counters { get; }

    /// <summary>What it was trained on; null if the checkpoint does not say.</summary>
    public DataConfig? TrainedOn => Run?.Data;

    public static TrainedModel Load(RunLocation location, IBackend backend)
    {
        Checkpoint checkpoint = Checkpoint.LoadModel(location.Checkpoint);
        RunConfig? run = Settings(checkpoint, location.Checkpoint);
        return new TrainedModel(location.Checkpoint, OfFile(location.Checkpoint, () => ModelLoading.Load(checkpoint, backend)), run, checkpoint.Counters);
    }

    /// <summary>The settings of the run that a checkpoint is of; null if it has none.</summary>
    /// <exception cref="CheckpointException">They cannot be read; the message names the file.</exception>
    public static RunConfig? Settings(Checkpoint checkpoint, string path) => checkpoint.Configuration is { } json ? OfFile(path, () => RunConfig.FromJson(json)) : null;

    /// <summary>Whether it was trained on a source's training images, so that those that validate are new to it.</summary>
    public bool WasTrainedOn(DataSource source) => TrainedOn?.Sha256 == source.Training.Sha256;

    /// <summary>The images of a split, with a warning if they may be among those that it was trained on.</summary>
    public ImageSet Split(DataSource source, string split)
    {
        if (split == CommonOptions.Test)
        {
            return source.Test();
        }

        if (split == CommonOptions.All)
        {
            if (WasTrainedOn(source))
            {
                Console.Error.WriteLine($"Warning: {Path} was trained on most of the images of '{source.Name}', so this is no figure of images that it has not seen.");
            }

            return source.Published;
        }

        if (!WasTrainedOn(source))
        {
            Console.Error.WriteLine($"Warning: {Path} was not trained on the training images of '{source.Name}', so the validation images may be among those that it was trained on.");
        }

        return source.Validation;
    }

    /// <summary>The images to measure it on: those that the user names, or else its own.</summary>
    public DataSource Images(string? asked)
    {
        string source = asked ?? TrainedOn?.Source switch
        {
            null => DataSource.Mini,

            // Runs keep full paths: a bare name is that of the data of a model that comes with the program, as the digits do.
            var own when !System.IO.Path.IsPathRooted(own) => DataSource.Mini,
            var own when Directory.Exists(own) => own,
            var own => throw new UsageException($"The model was trained on the images in {own}, which is no folder here. Say with --data what to measure it on."),
        };
        return ImageSource.Open(source, Model.Config.Channels);
    }

    public void Dispose() => Model.Dispose();

    // What is wrong is said of the file.
    private static T OfFile<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is CheckpointException or ArgumentException && !e.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new CheckpointException($"{path}: {e.Message}", e);
        }
    }
}
