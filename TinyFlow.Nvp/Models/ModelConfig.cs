using System.Text.Json;

namespace TinyFlow.Nvp.Models;

/// <summary>
/// What defines a model: two models of equal settings have the same parameters by name and shape, so these settings are
/// a checkpoint's identity.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The preset that these settings started from.</summary>
    public required string Preset { get; init; }

    /// <summary>How the flow is put together.</summary>
    public required Architecture Architecture { get; init; }

    /// <summary>Channels of an image.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>Rows of an image.</summary>
    public int Height { get; init; } = 28;

    /// <summary>Columns of an image.</summary>
    public int Width { get; init; } = 28;

    /// <summary>Couplings: of the whole model, or of each level if there are levels.</summary>
    public required int Layers { get; init; }

    /// <summary>Levels, each behind a 2x2 squeeze; 0 for an architecture without.</summary>
    public int Levels { get; init; }

    /// <summary>Channels within the conditioners: of the first level if there are levels; each level doubles them.</summary>
    public required int Hidden { get; init; }

    /// <summary>Residual blocks of each conditioner; 0 for an architecture without.</summary>
    public int Blocks { get; init; }

    /// <summary>Components of each mixture coupling; 0 for an architecture without.</summary>
    public int Components { get; init; }

    /// <summary>Couplings of the whole image with fully connected nets, behind the levels; 0 for none.</summary>
    public int DenseLayers { get; init; }

    /// <summary>Units in each layer of the fully connected nets.</summary>
    public int DenseHidden { get; init; }

    /// <summary>λ of the logit transform; null for none.</summary>
    public double? DataConstraint { get; init; }

    /// <summary>[C, H, W] of an image.</summary>
    internal Shape Image => [Channels, Height, Width];

    /// <summary>[C, H, W] of a latent variable.</summary>
    internal Shape Latent => Architecture == Architecture.MultiScale
        ? [Dimensions, 1, 1]
        : [Channels << (2 * Levels), Height >> Levels, Width >> Levels];

    /// <summary>D, the pixels of an image, by which bits per dimension are divided.</summary>
    internal int Dimensions => Channels * Height * Width;

    /// <summary>Settings from the text that <see cref="ToJson"/> made.</summary>
    /// <exception cref="JsonException">The text is not that of model settings; a setting of a newer version is an error too.</exception>
    public static ModelConfig FromJson(string json) => JsonSerializer.Deserialize(json, ConfigJson.Default.ModelConfig)
        ?? throw new JsonException("Model settings must be a JSON object; found null.");

    /// <summary>The settings as an indented JSON object.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ConfigJson.Default.ModelConfig);

    /// <summary>Checks that a model can be built.</summary>
    /// <exception cref="ArgumentException">It cannot: the message lists each reason.</exception>
    public void Check()
    {
        Problems problems = new("The model settings do not fit");
        problems.Require(Layers >= 1, $"layers must be at least 1; found {Layers}");
        problems.Require(Hidden >= 1, $"hidden must be at least 1; found {Hidden}");
        problems.Require(Blocks >= 0, $"blocks must be at least 0; found {Blocks}");
        problems.Require(
            DenseLayers >= 0 && (DenseLayers == 0 ? DenseHidden == 0 : DenseHidden >= 1),
            $"dense layers must be at least 0, and have hidden units if there are any; found {DenseLayers} of {DenseHidden} units");
        problems.Require(Channels >= 1 && Height >= 1 && Width >= 1, $"an image needs at least 1 channel, row and column; found {Image}");
        problems.Require(DataConstraint is null or (> 0 and < 1), $"the data constraint must lie between 0 and 1, both excluded; found {DataConstraint}");
        problems.Require(
            Architecture == Architecture.MultiScale ? Components >= 1 : Components == 0,
            $"architecture {Architecture} has {(Architecture == Architecture.MultiScale ? "couplings of at least 1 component" : "no mixture couplings")}; found {Components} components");
        problems.Require(Architecture == Architecture.Squeezed || DenseLayers == 0, $"architecture {Architecture} has no dense layers; found {DenseLayers}");
        if (Architecture is Architecture.Squeezed or Architecture.MultiScale)
        {
            problems.Require(Levels is >= 1 and <= 8, $"levels must be from 1 to 8; found {Levels}");
            int block = 1 << Math.Clamp(Levels, 0, 8);
            problems.Require(
                Height % block == 0 && Width % block == 0,
                $"{Levels} levels squeeze {Levels} times, so height and width must be multiples of {block}; found {Height} and {Width}");
        }
        else
        {
            problems.Require(Levels == 0, $"architecture {Architecture} has no levels; found {Levels}");
        }

        problems.ThrowIfAny();
    }
}
