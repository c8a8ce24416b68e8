using TinyFlow.Cli.Devices;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Cli.Training;

/// <summary>What the user asked <c>tinyflow train</c> for; null is the preset's or the run's own.</summary>
internal sealed record TrainingRequest
{
    public required Preset Preset { get; init; }

    public string? Data { get; init; }

    public int? Epochs { get; init; }

    public int? MaxSteps { get; init; }

    public TimeSpan? Budget { get; init; }

    /// <summary>Whether the schedule of the learning rate is the user's own choice, which a budget leaves as it is.</summary>
    public bool ChoosesSchedule { get; init; }

    public int? BatchSize { get; init; }

    public double? LearningRate { get; init; }

    public bool? Flips { get; init; }

    public ObjectiveKind Objective { get; init; }

    public OptimizerKind? Optimizer { get; init; }

    public MemoryMode Memory { get; init; }

    public int? Layers { get; init; }

    public int? Hidden { get; init; }

    public ulong Seed { get; init; }

    public required DeviceRequest Device { get; init; }

    public string? Output { get; init; }

    public string? Resume { get; init; }

    /// <summary>The model that a new run trains.</summary>
    public ModelConfig Model => Preset.Model with { Layers = Layers ?? Preset.Model.Layers, Hidden = Hidden ?? Preset.Model.Hidden };

    /// <summary>How a new run trains it.</summary>
    public TrainingConfig Training => Preset.Training with
    {
        Epochs = Epochs ?? Preset.Training.Epochs,
        MaxSteps = MaxSteps,
        BudgetSeconds = Budget?.TotalSeconds,
        Schedule = Budget is null || ChoosesSchedule ? Preset.Training.Schedule : ScheduleKind.Cosine,
        BatchSize = BatchSize ?? Preset.Training.BatchSize,
        LearningRate = LearningRate ?? Preset.Training.LearningRate,
        HorizontalFlips = Flips ?? Preset.Training.HorizontalFlips,
        Objective = Objective,
        Optimizer = Optimizer ?? Preset.Training.Optimizer,
        Memory = Memory,
        Seed = Seed,
    };
}
