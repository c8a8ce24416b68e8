using System.Globalization;
using System.Text;
using System.Text.Json;

namespace TinyFlow.Nvp.Checkpoints;

/// <summary>
/// Everything that a training run needs to go on, or that sampling and evaluation need of a model, as one safetensors
/// file. The model's tensors have their plain names, so that PyTorch reads them as a state_dict; the optimizer's are under
/// the prefix <c>optimizer.</c>; counters and configuration are in the metadata. A safetensors file by another program is
/// read as a model without the rest.
/// </summary>
public sealed class Checkpoint
{
    /// <summary>The version of the format that this program writes, and the newest that it reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>What the names of the optimizer's tensors begin with in the file.</summary>
    public const string OptimizerPrefix = "optimizer.";

    // λ of a PyTorch state_dict, which stands among its weights.
    private const string DataConstraint = "data_constraint";

    private const string VersionKey = "tinyflow.format_version", CountersKey = "tinyflow.counters", ConfigurationKey = "tinyflow.configuration";

    /// <summary>Parameters and running statistics, under PyTorch's names where there are such.</summary>
    public required IReadOnlyList<StoredTensor> Model { get; init; }

    /// <summary>The optimizer's state, named without the prefix; empty if it was not saved or not read.</summary>
    public IReadOnlyList<StoredTensor> Optimizer { get; init; } = [];

    /// <summary>Whole numbers such as epoch and step, by name.</summary>
    public IReadOnlyDictionary<string, long> Counters { get; init; } = new Dictionary<string, long>();

    /// <summary>The settings that the model was made and trained with, as JSON; null in a file by another program.</summary>
    public string? Configuration { get; init; }

    /// <summary>A counter's value.</summary>
    /// <exception cref="CheckpointException">There is none of this name.</exception>
    public long Counter(string name) => Counters.TryGetValue(name, out long value)
        ? value
        : throw new CheckpointException($"The checkpoint has no counter '{name}'; it has {(Counters.Count == 0 ? "none" : string.Join(", ", Counters.Keys))}. It was not saved by a training run of this version.");

    /// <summary>The same without the optimizer's state: enough to sample and to evaluate.</summary>
    public Checkpoint WithoutOptimizer() => new() { Model = Model, Counters = Counters, Configuration = Configuration };

    /// <summary>
    /// The model alone in half the space: its numbers are rounded to float16, so it is another model, very near the first,
    /// whose likelihood is exact for what it is.
    /// </summary>
    /// <exception cref="ArgumentException">A number is beyond float16's largest.</exception>
    public Checkpoint InHalfPrecision() => new()
    {
        // Near 1, float16 cannot tell λ from 1, which is no λ.
        Model = [.. Model.Select(tensor => tensor.Name == DataConstraint ? tensor : tensor.InHalfPrecision())],
        Counters = Counters,
        Configuration = Configuration,
    };

    /// <summary>Writes the checkpoint in place of the file of that path, if there is one.</summary>
    /// <exception cref="ArgumentException">Two tensors have one name, a model's tensor has an optimizer's, or the configuration is no JSON.</exception>
    /// <exception cref="CheckpointException">The file cannot be written; the old one, if any, is as it was.</exception>
    public void Save(string path)
    {
        if (Model.FirstOrDefault(tensor => tensor.Name.StartsWith(OptimizerPrefix, StringComparison.Ordinal)) is { } tensor)
        {
            throw new ArgumentException($"The model's tensor '{tensor.Name}' cannot be saved: names that begin with '{OptimizerPrefix}' are the optimizer's.");
        }

        if (Configuration is not null && !IsObject(Configuration))
        {
            throw new ArgumentException("The configuration must be a JSON object.");
        }

        Dictionary<string, string> metadata = new()
        {
            // Other readers look for this key to know whose conventions the tensors follow.
            ["format"] = "pt",
            [VersionKey] = CurrentVersion.ToString(CultureInfo.InvariantCulture),
            [CountersKey] = WriteCounters(Counters),
            [ConfigurationKey] = Configuration ?? "{}",
        };
        StoredTensor[] tensors = [.. Model, .. Optimizer.Select(tensor => tensor.Renamed(OptimizerPrefix + tensor.Name))];
        AtomicFile.Write(path, stream => SafetensorsWriter.Write(stream, tensors, metadata));
    }

    /// <summary>Reads all of a checkpoint.</summary>
    /// <exception cref="CheckpointException">The file is missing, damaged, or from a newer version.</exception>
    public static Checkpoint Load(string path) => Load(path, _ => true);

    /// <summary>Reads a checkpoint without the optimizer's state, which is two thirds of it.</summary>
    /// <exception cref="CheckpointException">The file is missing, damaged, or from a newer version.</exception>
    public static Checkpoint LoadModel(string path) => Load(path, name => !name.StartsWith(OptimizerPrefix, StringComparison.Ordinal));

    private static Checkpoint Load(string path, Predicate<string> isWanted)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (!file.Metadata.TryGetValue(VersionKey, out string? version))
        {
            return new Checkpoint { Model = [.. file.Entries.Select(entry => file.Read(entry.Name))] };
        }

        FormatVersion.Check(path, version, CurrentVersion);
        string configuration = file.Metadata.GetValueOrDefault(ConfigurationKey, "");
        if (!IsObject(configuration))
        {
            throw new CheckpointException($"{path}: the configuration in its metadata is not a JSON object; the file is damaged.");
        }

        ILookup<bool, StoredTensor> tensors = file.Entries
            .Where(entry => isWanted(entry.Name))
            .Select(entry => file.Read(entry.Name))
            .ToLookup(tensor => tensor.Name.StartsWith(OptimizerPrefix, StringComparison.Ordinal));
        return new Checkpoint
        {
            Model = [.. tensors[false]],
            Optimizer = [.. tensors[true].Select(tensor => tensor.Renamed(tensor.Name[OptimizerPrefix.Length..]))],
            Counters = ReadCounters(path, file.Metadata.GetValueOrDefault(CountersKey, "")),
            Configuration = configuration,
        };
    }

    private static string WriteCounters(IReadOnlyDictionary<string, long> counters)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            foreach ((string name, long value) in counters)
            {
                json.WriteNumber(name, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static Dictionary<string, long> ReadCounters(string path, string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.EnumerateObject().ToDictionary(counter => counter.Name, counter => counter.Value.GetInt64());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new CheckpointException($"{path}: the counters in its metadata are no JSON object of whole numbers; the file is damaged.", e);
        }
    }

    private static bool IsObject(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
