using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Training;

/// <summary>Which images a run trains on.</summary>
/// <param name="Source">"mini" for the digits inside the program, or the full path of a folder.</param>
/// <param name="Sha256">The SHA-256 of the training images' pixels, so that a run is not resumed on others.</param>
public sealed record DataConfig(string Source, string Sha256);

/// <summary>Everything that defines a run; it is what config.json and a checkpoint's metadata hold.</summary>
/// <param name="Model">The model.</param>
/// <param name="Training">How it is trained.</param>
/// <param name="Data">On what.</param>
public sealed record RunConfig(ModelConfig Model, TrainingConfig Training, DataConfig Data)
{
    /// <summary>What has computed it, in the order of the steps. A record alone: a run goes on on any device.</summary>
    public IReadOnlyList<DeviceUse> Devices { get; init; } = [];

    /// <summary>The same with what computes from now on, if that is another than before.</summary>
    public RunConfig ComputedBy(DeviceUse use) =>
        Devices is [.., var last] && last with { FromStep = use.FromStep } == use ? this
        : this with { Devices = [.. Devices.Where(before => before.FromStep < use.FromStep), use] };

    /// <summary>Settings from the text that <see cref="ToJson"/> made.</summary>
    /// <exception cref="CheckpointException">The text is not that of a run's settings.</exception>
    public static RunConfig FromJson(string json)
    {
        try
        {
            JsonObject run = SettingsReading.Parse(json);
            Complete(run, "model", ConfigJson.Default.ModelConfig, ModelConfig.Defaults);
            Complete(run, "training", ConfigJson.Default.TrainingConfig, TrainingConfig.Defaults);
            return run.Deserialize(ConfigJson.Default.RunConfig) is { Model: not null, Training: not null, Data: not null } config
                ? config with { Devices = config.Devices ?? [] }
                : throw new CheckpointException("The run's settings are incomplete: model, training and data are needed.");
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"The run's settings cannot be read{(e.Path is null ? "" : $" at {e.Path}")}: they are damaged, or from a newer version of TinyFlow.", e);
        }
    }

    /// <summary>The settings as an indented JSON object.</summary>
    public string ToJson() => SettingsWriting.ToJson(this);

    private static void Complete<T>(JsonObject run, string part, JsonTypeInfo<T> type, T defaults)
    {
        if (run[part] is JsonObject settings)
        {
            SettingsReading.Completed(settings, type, defaults);
        }
    }
}
