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
        return new TrainedModel(location.Checkpoint, ModelLoading.Load(checkpoint, backend), trainedOn);
    }

    /// <summary>The images to measure it on: those that the user names, or else its own.</summary>
    public DataSource Images(string? asked) => DataSource.Open(asked ?? TrainedOn?.Source switch
    {
        null => DataSource.Mini,
        var source when source == DataSource.Mini || Directory.Exists(source) => source,

        // Runs keep full paths: a bare name is that of the data of a model that comes with the program, as the digits do.
        var source when !System.IO.Path.IsPathRooted(source) => DataSource.Mini,
        var source => throw new UsageException($"The model was trained on the images in {source}, which is no folder here. Say with --data what to measure it on."),
    });

    public void Dispose() => Model.Dispose();
}
