using System.CommandLine;
using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Cli.Commands;

/// <summary>How a user names a trained model: RUN, with --checkpoint for its last or its best; or --model for one that comes with the program.</summary>
internal sealed class ModelChoice
{
    private const string FileEnding = ".safetensors", Last = "last", Best = "best";

    private readonly Argument<string?> _run;
    private readonly Option<string?> _model;

    private readonly Option<string> _checkpoint = CommonOptions.OneOf(
        new Option<string>("--checkpoint")
        {
            Description = "Of a run folder, the model after its last step, or that of its best validation; where there are two, of both.",
            DefaultValueFactory = _ => Last,
            HelpName = $"{Last}|{Best}",
        },
        Last,
        Best);

    private ModelChoice(Command command, bool isSecond)
    {
        _run = CommonOptions.Run(isSecond ? "RUN_B" : "RUN");
        _model = new("--model")
        {
            Description = $"A trained model that comes with the program, in place of {_run.Name}: {string.Join(", ", Names)}.",
            HelpName = string.Join('|', Names),
        };
        command.Arguments.Insert(0, _run);
        command.Options.Insert(0, _model);
        command.Options.Insert(1, _checkpoint);
        command.Validators.Add(result =>
        {
            string? model = result.GetValue(_model);
            if (model is not null && result.GetValue(_run) is { } run)
            {
                result.AddError($"{_run.Name} '{run}' and --model '{model}' both name a model. Give one of them.");
            }
            else if (model is not null && !isSecond && result.GetResult(_checkpoint) is { Implicit: false })
            {
                result.AddError($"--checkpoint is about the models of a run folder; --model '{model}' is one model. Give one of them.");
            }
            else if (model is not null && !Names.Contains(model))
            {
                result.AddError($"--model '{model}' is not known. Models that come with the program: {string.Join(", ", Names)}.");
            }
        });
    }

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "models");

    private static IReadOnlyList<string> Names { get; } = Directory.Exists(Folder)
        ? [.. Directory.EnumerateFiles(Folder, "*" + FileEnding).Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Lets a command's user choose a model, or the second of two, of which the first is a run.</summary>
    public static ModelChoice AddTo(Command command, bool isSecond = false) => new(command, isSecond);

    /// <summary>Where the chosen model is.</summary>
    /// <exception cref="CheckpointException">There is no such run.</exception>
    public RunLocation Find(ParseResult parsed) => parsed.GetValue(_model) is { } model
        ? new RunLocation(Path.Combine(Folder, model + FileEnding), Folder: null)
        : Find(parsed, parsed.GetValue(_run));

    /// <summary>Where the chosen model of another run is.</summary>
    /// <exception cref="CheckpointException">There is no such run, or it has no such model.</exception>
    public RunLocation Find(ParseResult parsed, string? run)
    {
        RunLocation location = RunFolder.Find(run);
        return parsed.GetValue(_checkpoint) == Best ? location.AtBest() : location;
    }
}
