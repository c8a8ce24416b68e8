namespace TinyFlow.Nvp.Models;

/// <summary>Settings with a name and a source.</summary>
/// <param name="Name">What the user calls it.</param>
/// <param name="Source">Where it was published, or that it is ours.</param>
/// <param name="Description">One sentence.</param>
/// <param name="Model">The model.</param>
/// <param name="Training">How it is trained.</param>
public sealed record Preset(string Name, string Source, string Description, ModelConfig Model, TrainingConfig Training)
{
    /// <summary>What <see cref="ModelCost.Of"/> counts for the model. To count anew is to build the model, seconds for the large ones.</summary>
    public required ModelCost Cost { get; init; }

    /// <summary>Bits per dimension as measured, with the images, the time and the machine; null if they have not been. docs/results.md has the commands.</summary>
    public string? Measured { get; init; }
}
