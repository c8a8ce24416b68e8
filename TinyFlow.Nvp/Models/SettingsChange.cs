using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace TinyFlow.Nvp.Models;

/// <summary>One setting by its name in config.json, and what it is to be: the text of a number, true, false, null, or the name of a choice.</summary>
/// <param name="Name">The name, such as <c>noise_layers</c>.</param>
/// <param name="Value">The value, such as <c>0</c>.</param>
public sealed record SettingsChange(string Name, string Value)
{
    // What the images decide and what the preset's name says; and how the flow is put together, which every other setting depends on.
    private static readonly string[] Fixed = ["preset", "architecture", "channels", "height", "width"];

    /// <summary>The names of the settings that can be changed: of a model, then of its training.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. NamesOf(ConfigJson.Default.ModelConfig), .. NamesOf(ConfigJson.Default.TrainingConfig)];

    /// <summary>A preset with the change.</summary>
    /// <exception cref="ArgumentException">There is no such setting, or it cannot have this value; the message says what there is.</exception>
    public Preset Of(Preset preset)
    {
        if (Fixed.Contains(Name))
        {
            throw new ArgumentException($"Setting '{Name}' is the preset's or the images' own. Choose another preset, or other images.");
        }

        if (!Names.Contains(Name))
        {
            throw new ArgumentException($"There is no setting '{Name}'. Settings are: {string.Join(", ", Names)}.");
        }

        return NamesOf(ConfigJson.Default.ModelConfig).Contains(Name)
            ? preset with { Model = Of(preset.Model, ConfigJson.Default.ModelConfig) }
            : preset with { Training = Of(preset.Training, ConfigJson.Default.TrainingConfig) };
    }

    private static IEnumerable<string> NamesOf(JsonTypeInfo type) => type.Properties.Select(property => property.Name).Except(Fixed);

    private static string Expected(Type type)
    {
        Type value = Nullable.GetUnderlyingType(type) ?? type;
        string kind = value.IsEnum ? string.Join(", ", Enum.GetNames(value))
            : value == typeof(bool) ? "true or false"
            : value == typeof(double) ? "a number"
            : value == typeof(ulong) ? "a whole number of at least 0"
            : "a whole number";
        return value == type ? kind : $"{kind}, or null";
    }

    private T Of<T>(T settings, JsonTypeInfo<T> type) where T : class
    {
        JsonPropertyInfo property = type.Properties.First(p => p.Name == Name);
        Type kind = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        JsonObject changed = JsonSerializer.SerializeToNode(settings, type)!.AsObject();
        try
        {
            // The serializer would take numbers for choices too, and they say nothing to a reader.
            bool isChoice = kind.IsEnum && !double.TryParse(Value, CultureInfo.InvariantCulture, out _);
            changed[Name] = isChoice ? JsonValue.Create(Value) : kind.IsEnum ? throw new JsonException() : JsonNode.Parse(Value);
            return changed.Deserialize(type)!;
        }
        catch (JsonException)
        {
            throw new ArgumentException($"Setting '{Name}' cannot be '{Value}'. Expected: {Expected(property.PropertyType)}.");
        }
    }
}
