using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace TinyFlow.Nvp.Models;

/// <summary>
/// Reads settings so that one that is not in the text has the value that its record declares. The serializer's generated
/// code sets every <c>init</c> property of a record, and those that the text leaves out to 0 or null.
/// </summary>
internal static class SettingsReading
{
    // What a text says twice has no one meaning.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>The members of a JSON object.</summary>
    /// <exception cref="JsonException">The text is no JSON object.</exception>
    public static JsonObject Parse(string json) => JsonNode.Parse(json, documentOptions: Strict) as JsonObject
        ?? throw new JsonException("Settings must be a JSON object.");

    /// <summary>The settings of an object that may lack some of them.</summary>
    /// <exception cref="JsonException">A required setting is missing, one is not known, or a value is of another kind.</exception>
    public static T Read<T>(JsonObject settings, JsonTypeInfo<T> type, T defaults) where T : class =>
        Completed(settings, type, defaults).Deserialize(type) ?? throw new JsonException("Settings must be a JSON object.");

    /// <summary>The object itself, with the settings that it lacked, but for those that every text must have.</summary>
    public static JsonObject Completed<T>(JsonObject settings, JsonTypeInfo<T> type, T defaults)
    {
        JsonObject declared = JsonSerializer.SerializeToNode(defaults, type)!.AsObject();
        foreach (string name in type.Properties.Where(property => !property.IsRequired && !settings.ContainsKey(property.Name)).Select(property => property.Name))
        {
            settings[name] = declared[name]?.DeepClone();
        }

        return settings;
    }
}
