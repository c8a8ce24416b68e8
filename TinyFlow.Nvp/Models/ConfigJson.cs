using System.Text.Json.Serialization;

namespace TinyFlow.Nvp.Models;

/// <summary>How settings are written: made at compile time, so that it works without reflection.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true,
    UseStringEnumConverter = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ModelConfig))]
[JsonSerializable(typeof(TrainingConfig))]
[JsonSerializable(typeof(TinyFlow.Nvp.Training.RunConfig))]
internal sealed partial class ConfigJson : JsonSerializerContext;
