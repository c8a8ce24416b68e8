namespace TinyFlow.Nvp.Models;

/// <summary>Settings with a name and a source.</summary>
/// <param name="Name">What the user calls it.</param>
/// <param name="Source">Where it was published, or that it is ours.</param>
/// <param name="Description">One sentence.</param>
/// <param name="Model">The model.</param>
/// <param name="Training">How it is trained.</param>
public sealed record Preset(string Name, string Source, string Description, ModelConfig Model, TrainingConfig Training);
