using System.CommandLine;
using TinyFlow.Cli.Devices;
using TinyFlow.Cli.Training;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Cli.Commands;

/// <summary>tinyflow train.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        string[] presets = [.. Presets.All.Select(preset => preset.Name)], objectives = CommonOptions.NamesOf<ObjectiveKind>();
        Option<string> preset = CommonOptions.OneOf(
            new Option<string>("--preset")
            {
                Description = $"Settings to start from. {string.Join(" ", Presets.All.Select(p => $"{p.Name}: {p.Description}"))}",
                DefaultValueFactory = _ => presets[0],
                HelpName = string.Join('|', presets),
            },
            presets);
        Option<string> data = CommonOptions.Data();
        Option<int?> epochs = CommonOptions.AtLeast(new Option<int?>("--epochs") { Description = "Passes over the training images [default: the preset's].", HelpName = "N" }, 1);
        Option<TimeSpan?> budget = CommonOptions.Duration(new Option<TimeSpan?>("--budget") { Description = "Train for so long, validation included, in place of --epochs. The number of steps follows from the measured speed, and the learning rate falls along a cosine to zero at the end (unless --set schedule=step; a resumed run keeps its own schedule). Validates at the end, and before that while validations take at most 3 % of the time.", HelpName = "30m|2h|90s" });
        Option<int?> maxSteps = CommonOptions.AtLeast(new Option<int?>("--max-steps") { Description = "End training after so many steps, even within an epoch.", HelpName = "N" }, 1);
        Option<int?> batchSize = CommonOptions.AtLeast(new Option<int?>("--batch-size") { Description = "Images in a step [default: the preset's].", HelpName = "N" }, 1);
        Option<double?> learningRate = CommonOptions.Positive(new Option<double?>("--learning-rate") { Description = "The optimizer's step size, after warm-up if there is one and before it falls [default: the preset's].", HelpName = "X" });
        const string On = "on", Off = "off";
        Option<string?> flips = CommonOptions.OneOf(
            new Option<string?>("--flips") { Description = "Mirror half of the training images left to right, others in each epoch [default: the preset's, off but in paper-cifar].", HelpName = $"{On}|{Off}" }, On, Off);
        Option<string> objective = CommonOptions.OneOf(
            new Option<string>("--objective")
            {
                Description = "What to minimize. exact: the likelihood bound. notebook: the seed notebook's loss as published, which is not a likelihood.",
                DefaultValueFactory = _ => objectives[0],
                HelpName = string.Join('|', objectives),
            },
            objectives);
        string[] optimizers = CommonOptions.NamesOf<OptimizerKind>(), memories = CommonOptions.NamesOf<MemoryMode>();
        Option<string?> optimizer = CommonOptions.OneOf(
            new Option<string?>("--optimizer") { Description = "How gradients become updates [default: the preset's].", HelpName = string.Join('|', optimizers) }, optimizers);
        Option<string> memory = CommonOptions.OneOf(
            new Option<string>("--memory")
            {
                Description = "What a step keeps for its gradients. stored: all that they need. reversible: rebuilds it in the backward pass, for less memory and more time (docs/benchmarks.md).",
                DefaultValueFactory = _ => memories[0],
                HelpName = string.Join('|', memories),
            },
            memories);
        Option<int?> layers = CommonOptions.AtLeast(new Option<int?>("--layers") { Description = "Couplings (of each level, if there are levels; of each kind of mask, in paper) [default: the preset's].", HelpName = "N" }, 1);
        Option<int?> hidden = CommonOptions.AtLeast(new Option<int?>("--hidden") { Description = "Channels within the couplings' networks [default: the preset's].", HelpName = "N" }, 1);
        Option<string[]> set = SettingsOption.Create([epochs, maxSteps, batchSize, learningRate, optimizer, objective, memory, layers, hidden]);
        Option<ulong> seed = CommonOptions.Seed("Of initialization, noise, order and samples.");
        Option<string?> output = CommonOptions.NotEmpty(new Option<string?>("--out") { Description = "The run's folder [default: runs/<time>-<preset>].", HelpName = "DIR" });
        Option<string?> resume = CommonOptions.NotEmpty(new Option<string?>("--resume") { Description = "Go on with a run; by epochs or steps, bit for bit as if it had not stopped. --epochs, --budget and --max-steps may extend it.", HelpName = "RUN" });

        Command command = new("train", "Train a flow. Without options: a model that draws digits, in minutes, from images that come with the program.")
        {
            preset, data, epochs, budget, maxSteps, batchSize, learningRate, flips, optimizer, objective, memory, layers, hidden, set, seed, output, resume,
        };
        DeviceOptions device = DeviceOptions.AddTo(command);
        Option[] fixedByRun = [preset, batchSize, learningRate, flips, optimizer, objective, memory, layers, hidden, set, seed, output];
        command.Validators.Add(result =>
        {
            if (result.GetResult(resume) is { Implicit: false } && fixedByRun.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } given)
            {
                result.AddError($"{given.Name} cannot be given with --resume: the run keeps the setting that it was started with. Only --epochs, --budget, --max-steps, --data, --threads, --device and --precision may be given.");
            }
        });
        command.Validators.Add(result =>
        {
            if (result.GetResult(epochs) is { Implicit: false } && result.GetResult(budget) is { Implicit: false })
            {
                result.AddError("--epochs and --budget both say when training ends. Give one of them.");
            }
        });
        command.SetAction(parsed => TrainingRun.Execute(new TrainingRequest
        {
            Preset = SettingsOption.Changes(parsed.GetValue(set)).Aggregate(Presets.Find(parsed.GetValue(preset)!), (changed, change) => change.Of(changed)),
            Data = parsed.GetResult(data) is { Implicit: false } ? parsed.GetValue(data) : null,
            Epochs = parsed.GetValue(epochs),
            Budget = parsed.GetValue(budget),
            ChoosesSchedule = SettingsOption.Changes(parsed.GetValue(set)).Any(change => change.Name is "schedule" or "step_epochs" or "step_factor"),
            MaxSteps = parsed.GetValue(maxSteps),
            BatchSize = parsed.GetValue(batchSize),
            LearningRate = parsed.GetValue(learningRate),
            Flips = parsed.GetValue(flips) is { } mirror ? mirror == On : null,
            Objective = Enum.Parse<ObjectiveKind>(parsed.GetValue(objective)!, ignoreCase: true),
            Optimizer = parsed.GetValue(optimizer) is { } name ? Enum.Parse<OptimizerKind>(name, ignoreCase: true) : null,
            Memory = Enum.Parse<MemoryMode>(parsed.GetValue(memory)!, ignoreCase: true),
            Layers = parsed.GetValue(layers),
            Hidden = parsed.GetValue(hidden),
            Seed = parsed.GetValue(seed),
            Device = device.Of(parsed),
            Output = parsed.GetValue(output),
            Resume = parsed.GetValue(resume),
        }));
        return command;
    }
}
