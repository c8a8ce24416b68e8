using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Cli.Commands;

/// <summary>A model that a user named by its run, on a backend.</summary>
internal sealed class TrainedModel : IDisposable
{
    private TrainedModel(string path, FlowModel model, DataConfig? trainedOn) => (Path, Model, TrainedOn) = (path, model, trainedOn);

    /// <summary>The checkpoint's file.</summary>
    public string Path { get; }

    public FlowModel Model { get; }

    /// <summary>What it was trained on; null if the checkpoint does not say.</summary>
    public DataConfig? TrainedOn { get; }

    public static TrainedModel Load(RunLocation location, IBackend backend)
    {
        Checkpoint checkpoint = Checkpoint.LoadModel(location.Checkpoint);
        DataConfig? trainedOn = checkpoint.Configuration is { } settings ? RunConfig.FromJson(settings).Data : null;
        return new TrainedModel(location.Checkpoint, LoadModel(checkpoint, location, backend), trainedOn);
    }

    /// <summary>The model of a checkpoint; what is wrong with it is said of its file.</summary>
    public static FlowModel LoadModel(Checkpoint checkpoint, RunLocation location, IBackend backend)
    {
        try
        {
            return ModelLoading.Load(checkpoint, backend);
        }
        catch (Exception e) when (e is CheckpointException or ArgumentException && !e.Message.StartsWith(location.Checkpoint, StringComparison.Ordinal))
        {
            throw new CheckpointException($"{location.Checkpoint}: {e.Message}", e);
        }
    }

    /// <summary>Whether it was trained on a source's training images, so that those that validate are new to it.</summary>
    public bool WasTrainedOn(DataSource source) => TrainedOn?.Sha256 == source.Training.Sha256;

    /// <summary>The images of a split, with a warning if they may be among those that it was trained on.</summary>
    public ImageSet Split(DataSource source, string split)
    {
        if (split == CommonOptions.Test)
        {
            return source.Test();
        }

        if (!WasTrainedOn(source))
        {
            Console.Error.WriteLine($"Warning: {Path} was not trained on the training images of '{source.Name}', so the validation images may be among those that it was trained on.");
        }

        return source.Validation;
    }

    /// <summary>The images to measure it on: those that the user names, or else its own.</summary>
    public DataSource Images(string? asked) => DataSource.Open(asked ?? TrainedOn?.Source switch
    {
        null => DataSource.Mini,

        // Runs keep full paths: a bare name is that of the data of a model that comes with the program, as the digits do.
        var source when !System.IO.Path.IsPathRooted(source) => DataSource.Mini,
        var source when Directory.Exists(source) => source,
        var source => throw new UsageException($"The model was trained on the images in {source}, which is no folder here. Say with --data what to measure it on."),
    });

    public void Dispose() => Model.Dispose();
}
