using TinyFlow.Cli.Commands;
using TinyFlow.Cli.Data;
using TinyFlow.Cli.Devices;
using TinyFlow.Cli.Pictures;
using TinyFlow.Cli.Rendering;
using TinyFlow.Cuda;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Cli.Training;

/// <summary>A run of <c>tinyflow train</c> from its request to its summary.</summary>
internal static class TrainingRun
{
    private const int GallerySide = 10, ComparisonCount = 10, FinalSide = 4;

    public static int Execute(TrainingRequest request)
    {
        RunLocation? resumed = request.Resume is null ? null : ToResume(request.Resume);
        using IDisposable? held = resumed?.Folder?.Lock();
        Checkpoint? checkpoint = resumed is null ? null : Checkpoint.Load(resumed.Checkpoint);
        RunConfig? saved = checkpoint is null ? null : SavedConfig(checkpoint, resumed!.Checkpoint);
        DataSource data = ImageSource.Open(request.Data ?? saved?.Data.Source ?? DataSource.Mini, saved?.Model.Channels ?? 1);

        // Its first use loads a library of cryptography: time enough to make the model.
        Task<string> sha256 = Task.Run(() => data.Training.Sha256);
        (ModelConfig modelConfig, TrainingConfig training) = saved is null ? NewSettings(request, data.Training) : (saved.Model, Continued(saved.Training, request));
        if (saved is not null)
        {
            RequireSameImages(saved.Data, data.Name, sha256.GetAwaiter().GetResult());
        }

        RequireBatch(training, data);

        using IBackend backend = DeviceChoice.Open(request.Device);
        using FlowModel model = FlowModel.Create(modelConfig, backend, training.Seed);
        using Trainer trainer = new(model, training, data);
        if (checkpoint is not null)
        {
            trainer.Resume(checkpoint);
        }

        if (request.MaxSteps < trainer.Step)
        {
            throw new UsageException($"--max-steps {request.MaxSteps}: the run already has {trainer.Step} steps. Give more, to extend it; nothing was changed.");
        }

        string source = data.Name == DataSource.Mini ? data.Name : Path.GetFullPath(data.Name);
        RunConfig config = new RunConfig(modelConfig, training, new DataConfig(source, sha256.GetAwaiter().GetResult()))
        {
            Devices = saved?.Devices ?? [],
        }.ComputedBy(new DeviceUse(trainer.Step, DeviceChoice.Describe(backend), DeviceChoice.Products(backend)));
        trainer.RequireMemory();
        RunFolder folder = resumed is null ? RunFolder.Create(request.Output, config.Model.Preset, DateTime.Now) : resumed.Folder!;
        using IDisposable? heldAnew = resumed is null ? folder.Lock() : null;
        ITrainingDisplay display = Display.ForTraining(trainer.IsLikelihood);
        using Interruption interruption = new(
            () => display.Line("Stopping after this step and saving; press Ctrl-C again to quit at once."), display.Abandon);
        MetricsLog.TruncateAfter(folder.Metrics, trainer.Step);
        Console.Error.WriteLine($"{(resumed is null ? "Training" : $"Resuming at step {trainer.Step}:")} preset {config.Model.Preset} on {data.Training}; run {folder.Path}");
        if (resumed is null)
        {
            trainer.Initialize();
            foreach (string line in TrainingText.SelfChecks(SelfCheck.Run(model, data.Training, config.Training.Seed)))
            {
                Console.Error.WriteLine(line);
            }
        }

        Gallery gallery = new(warning => display.Line($"Warning: {warning}"));
        if (resumed is not null)
        {
            // The folder of the samples may have been deleted since the run began.
            gallery.Try(folder.Path, folder.MakeFolders);
        }

        using MetricsLog metrics = MetricsLog.Open(folder.Metrics);
        RunObserver observer = new(folder, trainer, model, metrics, display, gallery, config.ToJson(), isNew: resumed is null);
        folder.WriteConfig(config.ToJson());
        if (checkpoint is not null && trainer.Best?.Step == trainer.Step)
        {
            // The run may have died when it had written this checkpoint and not yet the best model, which is the same.
            checkpoint.WithoutOptimizer().Save(folder.Best);
        }

        if (resumed is null)
        {
            // From its first step on, a run that dies can be resumed.
            observer.Save();
        }

        TrainingEnd end = Train(trainer, observer, display, folder, interruption.Token);
        if (end == TrainingEnd.Interrupted)
        {
            Console.Error.WriteLine($"Stopped after step {trainer.Step} and saved {folder.Checkpoint}. Go on with: tinyflow train --resume {Words.Quoted(folder.Path)}");
            return ExitCode.Interrupted;
        }

        // Everything is saved: whoever does not want to wait for the pictures may end the program.
        interruption.Dispose();
        ReferenceFigures references = ReferenceFigures.For(data);
        IReadOnlyList<string> pictures = Draw(folder, trainer, model, data, gallery, references);
        Summarize(folder, trainer, observer, pictures, references);
        return ExitCode.Success;
    }

    private static TrainingEnd Train(Trainer trainer, RunObserver observer, ITrainingDisplay display, RunFolder folder, CancellationToken cancellation)
    {
        try
        {
            return display.During(() =>
            {
                TrainingEnd how = trainer.Run(observer, cancellation);
                if (how == TrainingEnd.Interrupted)
                {
                    observer.Save();
                }

                return how;
            });
        }
        catch (Exception exception) when (IsOfDevice(exception))
        {
            throw new DeviceFailedException(
                $"{exception.Message} The run is as it was saved after step {observer.SavedStep}. Go on with: tinyflow train --resume {Words.Quoted(folder.Path)}", exception);
        }
    }

    private static (ModelConfig Model, TrainingConfig Training) NewSettings(TrainingRequest request, ImageSet images)
    {
        ModelConfig model = request.Model with { Channels = images.Channels, Height = images.Height, Width = images.Width };
        try
        {
            model.Check();
            request.Training.Check();
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }

        return (model, request.Training);
    }

    private static TrainingConfig Continued(TrainingConfig saved, TrainingRequest request) => saved with
    {
        Epochs = request.Epochs ?? saved.Epochs,
        MaxSteps = request.MaxSteps ?? (request.Epochs is null && request.Budget is null ? saved.MaxSteps : null),
        BudgetSeconds = request.Budget?.TotalSeconds ?? (request.Epochs is null ? saved.BudgetSeconds : null),
    };

    private static void RequireSameImages(DataConfig saved, string name, string sha256)
    {
        if (sha256 != saved.Sha256)
        {
            throw new UsageException(
                $"The run was started on other images: '{saved.Source}' with SHA-256 {saved.Sha256[..12]}…, but '{name}' has {sha256[..12]}…. Give the same images with --data.");
        }
    }

    private static RunConfig SavedConfig(Checkpoint checkpoint, string path) => TrainedModel.Settings(checkpoint, path)
        ?? throw new CheckpointException($"{path}: the file has no settings of a run, so training cannot go on from it. Resume from a run folder that 'tinyflow train' made.");

    private static void RequireBatch(TrainingConfig training, DataSource data)
    {
        if (training.BatchSize > data.Training.Count)
        {
            throw new UsageException($"--batch-size {training.BatchSize} is more than the {data.Training.Count} training images of {data.Name}; it must be from 1 to {data.Training.Count}.");
        }
    }

    // A resumed run writes into the folder: it must be the run's own.
    private static RunLocation ToResume(string run)
    {
        RunLocation location = RunFolder.Find(run);
        return location.Folder is { } folder && File.Exists(folder.Config)
            ? location
            : throw new UsageException(
                $"--resume {run}: training goes on in a run folder that 'tinyflow train' made, or from the checkpoint.safetensors in it; {location.Checkpoint} is no such checkpoint, and nothing was written.");
    }

    private static List<string> Draw(RunFolder folder, Trainer trainer, FlowModel model, DataSource data, Gallery gallery, ReferenceFigures references)
    {
        Console.Error.WriteLine("Drawing samples.");
        List<(string Path, bool Drawn)> pictures = [];
        try
        {
            ImageSet samples = Sampler.Draw(model, GallerySide * GallerySide, SampleDefaults.Temperature, trainer.Config.Seed);
            ImageSet real = data.Validation.Slice(0, Math.Min(ComparisonCount, data.Validation.Count), "real");
            string epochPicture = folder.EpochPicture(Math.Max(1, trainer.Epoch + 1));
            pictures.AddRange(
            [
                (folder.SamplesPicture, gallery.SaveGrid(folder.SamplesPicture, samples, GallerySide, GallerySide)),
                (folder.RealVersusGenerated, gallery.SaveComparison(folder.RealVersusGenerated, real, samples.Slice(0, real.Count, "generated"))),
                (epochPicture, gallery.SaveGrid(epochPicture, samples.Slice(0, FinalSide * FinalSide, "samples"), FinalSide, FinalSide)),
            ]);
        }
        catch (Exception exception) when (IsOfDevice(exception))
        {
            Console.Error.WriteLine($"Warning: no samples are drawn: {exception.Message}");
        }

        pictures.Add((folder.TrainingPicture, gallery.SaveTraining(folder.TrainingPicture, MetricsLog.Read(folder.Metrics).Rows, references.Figures)));
        return [.. pictures.Where(picture => picture.Drawn).Select(picture => picture.Path)];
    }

    private static bool IsOfDevice(Exception exception) => exception is CudaException or InsufficientMemoryException;

    private static void Summarize(RunFolder folder, Trainer trainer, RunObserver observer, IReadOnlyList<string> pictures, ReferenceFigures references)
    {
        MetricsRow[] training = [.. MetricsLog.Read(folder.Metrics).Rows.Where(row => row.Split == "train")];
        string[] written = [folder.Checkpoint, .. File.Exists(folder.Best) ? [folder.Best] : Array.Empty<string>(), folder.Metrics, folder.Config];
        if (observer.Last is { Validation: { } validation } last && training.Length > 0)
        {
            foreach (string line in TrainingText.Summary(training[0].BitsPerDim, last.Training.BitsPerDim, trainer.IsLikelihood, validation, references))
            {
                Console.WriteLine(line);
            }
        }
        else
        {
            written = [];
            Console.WriteLine($"Nothing is left to train: the run already has {trainer.Step} steps. Extend it with --epochs, --max-steps or --budget.");
        }

        if (trainer.Best is { } best && File.Exists(folder.Best))
        {
            Console.WriteLine(TrainingText.Best(best, trainer.Step));
        }

        foreach (string path in (string[])[.. written, .. pictures])
        {
            Console.WriteLine($"wrote         {path}");
        }

        Console.WriteLine($"next          tinyflow sample {Words.Quoted(folder.Path)}    tinyflow eval {Words.Quoted(folder.Path)}");
    }
}
