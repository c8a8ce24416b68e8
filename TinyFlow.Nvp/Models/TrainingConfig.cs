using System.Text.Json;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Nvp.Models;

/// <summary>How a model is trained. Together with the data it determines every number of a run.</summary>
public sealed record TrainingConfig
{
    /// <summary>Passes over the training images; a <see cref="BudgetSeconds"/> takes their place.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Steps after which training ends, even within an epoch; null for no such end.</summary>
    public long? MaxSteps { get; init; }

    /// <summary>
    /// Seconds that training may take, with validation: steps are planned, and planned anew as their speed turns out, so
    /// that the schedule ends in time. The number of steps then depends on the machine. Such a run validates at its end, and
    /// before that after as many epochs as 3 % of its time allow. Null for training by epochs, with validation after each.
    /// </summary>
    public double? BudgetSeconds { get; init; }

    /// <summary>Images in a step.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Whether half of the training images, others in each epoch, are mirrored left to right; validation images never are.</summary>
    public bool HorizontalFlips { get; init; }

    /// <summary>How gradients become updates.</summary>
    public OptimizerKind Optimizer { get; init; } = OptimizerKind.Adam;

    /// <summary>The optimizer's step size at the start.</summary>
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>How the learning rate changes.</summary>
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Step;

    /// <summary>
    /// The share of the run, from 0 to less than 1, over which the learning rate stays what it is before the fall of
    /// <see cref="ScheduleKind.Cosine"/> begins; 0 for a fall from the start. Of no effect with another schedule.
    /// </summary>
    public double CosineFrom { get; init; }

    /// <summary>Epochs between two drops of the learning rate, with <see cref="ScheduleKind.Step"/> (torch.optim.lr_scheduler.StepLR); null for none.</summary>
    public int? StepEpochs { get; init; }

    /// <summary>What the learning rate is multiplied by at each drop.</summary>
    public double StepFactor { get; init; } = 1;

    /// <summary>Steps over which the learning rate rises to that of its schedule; 0 for none.</summary>
    public int WarmUpSteps { get; init; }

    /// <summary>
    /// The decay of an exponential moving average of the weights, which is what is validated, saved as the model, sampled
    /// and evaluated; null for the weights themselves.
    /// </summary>
    public double? AverageDecay { get; init; }

    /// <summary>Times the parameter is added to its gradient, as in torch.optim.Adam.</summary>
    public double WeightDecay { get; init; }

    /// <summary>The norm that the gradient of each group of parameters is clipped to; null for no clipping.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>Which parameters weight decay acts on, and which are clipped together.</summary>
    public ParameterGroups Groups { get; init; } = ParameterGroups.Together;

    /// <summary>Times Σ weight² is added to the loss; it is no part of the likelihood.</summary>
    public double L2 { get; init; }

    /// <summary>Which numbers the L2 term is about.</summary>
    public PenaltyKind Penalty { get; init; } = PenaltyKind.Weights;

    /// <summary>What is minimized.</summary>
    public ObjectiveKind Objective { get; init; } = ObjectiveKind.Exact;

    /// <summary>What a step keeps of its forward pass.</summary>
    public MemoryMode Memory { get; init; } = MemoryMode.Stored;

    /// <summary>Of initialization, noise, order and samples.</summary>
    public ulong Seed { get; init; }

    /// <summary>What a text that lacks a setting means by it.</summary>
    internal static TrainingConfig Defaults { get; } = new();

    /// <summary>Settings from the text that <see cref="ToJson"/> made.</summary>
    /// <exception cref="JsonException">The text is not that of training settings; a setting of a newer version is an error too.</exception>
    public static TrainingConfig FromJson(string json) => SettingsReading.Read(SettingsReading.Parse(json), ConfigJson.Default.TrainingConfig, Defaults);

    /// <summary>The settings as an indented JSON object.</summary>
    public string ToJson() => SettingsWriting.ToJson(this);

    /// <summary>Checks that one can train with these settings.</summary>
    /// <exception cref="ArgumentException">One cannot: the message lists each reason.</exception>
    public void Check()
    {
        Problems problems = new("The training settings do not fit");
        problems.Require(Epochs >= 1, $"epochs must be at least 1; found {Epochs}");
        problems.Require(MaxSteps is null or >= 1, $"max steps must be at least 1; found {MaxSteps}");
        problems.Require(BatchSize >= 1, $"the batch size must be at least 1; found {BatchSize}");
        problems.Require(double.IsFinite(LearningRate) && LearningRate > 0, $"the learning rate must be positive; found {LearningRate}");
        problems.Require(StepEpochs is null or >= 1, $"the epochs between two drops of the learning rate must be at least 1; found {StepEpochs}");
        problems.Require(CosineFrom is >= 0 and < 1, $"the share of the run at which the cosine begins must be at least 0 and less than 1; found {CosineFrom}");
        problems.Require(BudgetSeconds is null or (> 0 and < double.PositiveInfinity), $"the budget of time must be positive; found {BudgetSeconds} seconds");
        problems.Require(WarmUpSteps >= 0, $"warm-up steps must be at least 0; found {WarmUpSteps}");
        problems.Require(AverageDecay is null or (> 0 and < 1), $"the decay of the average of the weights must lie between 0 and 1; found {AverageDecay}");
        problems.Require(double.IsFinite(StepFactor) && StepFactor > 0, $"the factor of the learning rate must be positive; found {StepFactor}");
        problems.Require(double.IsFinite(WeightDecay) && WeightDecay >= 0, $"weight decay must be at least 0; found {WeightDecay}");
        problems.Require(ClipNorm is null or > 0, $"the norm to clip to must be positive; found {ClipNorm}");
        problems.Require(double.IsFinite(L2) && L2 >= 0, $"the L2 coefficient must be at least 0; found {L2}");
        problems.ThrowIfAny();
    }
}
