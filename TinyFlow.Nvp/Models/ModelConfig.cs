using System.Text.Json;

namespace TinyFlow.Nvp.Models;

/// <summary>
/// What defines a model: two models of equal settings have the same parameters by name and shape, so these settings are
/// a checkpoint's identity.
/// </summary>
public sealed record ModelConfig
{
    // Far beyond what trains, and near enough that sizes can be computed before any memory is taken.
    private const int MostLayers = 10_000, MostHidden = 100_000;

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

    /// <summary>
    /// Couplings: of the whole model, or of each level if there are levels. <see cref="Architecture.Paper"/> has so many of
    /// each mask at each level.
    /// </summary>
    public required int Layers { get; init; }

    /// <summary>Couplings behind the last squeeze and factor-out; 0 for an architecture without.</summary>
    public int FinalLayers { get; init; }

    /// <summary>
    /// Levels, each behind a 2x2 squeeze, for <see cref="Architecture.Paper"/> scales, of which the first is not squeezed;
    /// 0 for an architecture without.
    /// </summary>
    public int Levels { get; init; }

    /// <summary>Channels within the conditioners: of the first level if there are levels; each level doubles them.</summary>
    public required int Hidden { get; init; }

    /// <summary>Residual blocks of each conditioner; 0 for an architecture without.</summary>
    public int Blocks { get; init; }

    /// <summary>The couplings of <see cref="Architecture.MultiScale"/>.</summary>
    public CouplingKind Coupling { get; init; }

    /// <summary>Components of each mixture coupling, those of the noise included; 0 without such couplings.</summary>
    public int Components { get; init; }

    /// <summary>Bins of each spline; 0 without spline couplings.</summary>
    public int Bins { get; init; }

    /// <summary>
    /// Couplings of the dequantization noise, which make it depend on the image's pixels; 0 for uniform noise. They are
    /// mixture couplings, whatever <see cref="Coupling"/> the image has.
    /// </summary>
    public int NoiseLayers { get; init; }

    /// <summary>Couplings of the whole image with fully connected nets, behind the levels; 0 for none.</summary>
    public int DenseLayers { get; init; }

    /// <summary>Units in each layer of the fully connected nets.</summary>
    public int DenseHidden { get; init; }

    /// <summary>
    /// Whether <see cref="Architecture.Squeezed"/> and <see cref="Architecture.MultiScale"/> have an ActNorm before each coupling,
    /// those of the whole image included. Other architectures have none, and leave this true.
    /// </summary>
    public bool ActNorm { get; init; } = true;

    /// <summary>
    /// Whether <see cref="Architecture.Squeezed"/> and <see cref="Architecture.MultiScale"/> have an invertible 1x1 convolution
    /// before each coupling but a level's first. Without, couplings change the same channels in turn. Other architectures have
    /// none, and leave this true.
    /// </summary>
    public bool InvertibleConvolution { get; init; } = true;

    /// <summary>
    /// Whether what leaves <see cref="Architecture.MultiScale"/> behind a level has a prior learned from what goes on; else
    /// it is standard normal, as everywhere in other architectures, which leave this true.
    /// </summary>
    public bool LearnedPrior { get; init; } = true;

    /// <summary>Whether a batch norm follows each coupling of <see cref="Architecture.Paper"/> (Dinh et al. 2017, section 3.7).</summary>
    public bool FlowBatchNorm { get; init; }

    /// <summary>
    /// Whether these batch norms normalize with running statistics, of which a step's gradient goes through its own batch's
    /// share, as published; else with the statistics of each batch, as in batch norm elsewhere.
    /// </summary>
    public bool FlowRunningStatistics { get; init; }

    /// <summary>λ of the logit transform; null for none.</summary>
    public double? DataConstraint { get; init; }

    /// <summary>What a text that lacks a setting means by it; the required ones are in every text.</summary>
    internal static ModelConfig Defaults { get; } = new() { Preset = "", Architecture = default, Layers = 0, Hidden = 0 };

    /// <summary>[C, H, W] of an image.</summary>
    internal Shape Image => [Channels, Height, Width];

    /// <summary>[C, H, W] of a latent variable.</summary>
    internal Shape Latent => Architecture switch
    {
        Architecture.Squeezed => [Channels << (2 * Levels), Height >> Levels, Width >> Levels],
        Architecture.Keng or Architecture.MultiScale => [Dimensions, 1, 1],
        _ => Image,
    };

    /// <summary>D, the pixels of an image, by which bits per dimension are divided.</summary>
    internal int Dimensions => Channels * Height * Width;

    private int Squeezes => Architecture switch
    {
        Architecture.Squeezed or Architecture.MultiScale => Levels,
        Architecture.Keng => KengFlow.Squeezes(this),
        Architecture.Paper => Levels - 1,
        _ => 0,
    };

    /// <summary>Settings from the text that <see cref="ToJson"/> made.</summary>
    /// <exception cref="JsonException">The text is not that of model settings; a setting of a newer version is an error too.</exception>
    public static ModelConfig FromJson(string json) => SettingsReading.Read(SettingsReading.Parse(json), ConfigJson.Default.ModelConfig, Defaults);

    /// <summary>The settings as an indented JSON object.</summary>
    public string ToJson() => SettingsWriting.ToJson(this);

    /// <summary>Checks that a model can be built.</summary>
    /// <exception cref="ArgumentException">It cannot: the message lists each reason.</exception>
    public void Check()
    {
        Problems problems = new("The model settings do not fit");
        problems.Require(Layers is >= 1 and <= MostLayers, $"layers must be from 1 to {MostLayers}; found {Layers}");
        problems.Require(Hidden is >= 1 and <= MostHidden, $"hidden must be from 1 to {MostHidden}; found {Hidden}");
        problems.Require(Blocks >= 0, $"blocks must be at least 0; found {Blocks}");
        problems.Require(
            DenseLayers >= 0 && (DenseLayers == 0 ? DenseHidden == 0 : DenseHidden >= 1),
            $"dense layers must be at least 0, and have hidden units if there are any; found {DenseLayers} of {DenseHidden} units");
        problems.Require(Channels >= 1 && Height >= 1 && Width >= 1, $"an image needs at least 1 channel, row and column; found {Image}");
        problems.Require(DataConstraint is null or (> 0 and < 1), $"the data constraint must lie between 0 and 1, both excluded; found {DataConstraint}");
        bool hasLevels = Architecture is Architecture.Squeezed or Architecture.MultiScale or Architecture.Paper, isKeng = Architecture == Architecture.Keng;
        bool isMultiScale = Architecture == Architecture.MultiScale, hasSplines = isMultiScale && Coupling == CouplingKind.Spline;
        bool hasMixtures = isMultiScale && (Coupling == CouplingKind.Mixture || NoiseLayers > 0), hasActNorms = isMultiScale || Architecture == Architecture.Squeezed;
        string kind = isMultiScale ? $"a model with couplings of kind {Coupling}" : $"architecture {Architecture}";
        problems.Require(
            hasLevels ? Levels is >= 1 and <= 8 : Levels == 0,
            hasLevels ? $"levels must be from 1 to 8; found {Levels}" : $"architecture {Architecture} has no levels; found {Levels}");
        problems.Require(
            isMultiScale ? Enum.IsDefined(Coupling) : Coupling == CouplingKind.Mixture,
            isMultiScale ? $"couplings must be of kind {string.Join(" or ", Enum.GetNames<CouplingKind>())}; found {Coupling}" : $"architecture {Architecture} leaves no choice of couplings; found {Coupling}");
        problems.Require(
            hasMixtures ? Components >= 1 : Components == 0,
            hasMixtures ? $"mixture couplings need at least 1 component; found {Components}" : $"{kind} has no mixture couplings; found {Components} components");
        problems.Require(
            hasSplines ? Bins is >= 2 and <= SplineLimits.MostBins : Bins == 0,
            hasSplines ? $"spline couplings need from 2 to {SplineLimits.MostBins} bins; found {Bins}" : $"{kind} has no spline couplings; found {Bins} bins");
        problems.Require(
            NoiseLayers == 0 || (NoiseLayers > 0 && isMultiScale),
            isMultiScale ? $"noise layers must be at least 0; found {NoiseLayers}" : $"architecture {Architecture} has no noise layers; found {NoiseLayers}");
        problems.Require(ActNorm || hasActNorms, $"architecture {Architecture} leaves no choice of ActNorm");
        problems.Require(InvertibleConvolution || hasActNorms, $"architecture {Architecture} leaves no choice of 1x1 convolutions");
        problems.Require(LearnedPrior || isMultiScale, $"architecture {Architecture} leaves no choice of the prior");
        problems.Require(DenseLayers == 0 || Architecture is Architecture.Squeezed or Architecture.MultiScale, $"architecture {Architecture} has no dense layers; found {DenseLayers}");
        problems.Require(
            isKeng ? FinalLayers >= 0 : FinalLayers == 0,
            isKeng ? $"final layers must be at least 0; found {FinalLayers}" : $"architecture {Architecture} has no final layers; found {FinalLayers}");
        problems.Require(!FlowBatchNorm || Architecture == Architecture.Paper, $"architecture {Architecture} leaves no choice of batch norms on the flow's path");
        problems.Require(!FlowRunningStatistics || FlowBatchNorm, "running statistics belong to batch norms on the flow's path, which these settings do not have; set flow_batch_norm too");
        int squeezes = Math.Clamp(Squeezes, 0, 8), block = 1 << squeezes;
        problems.Require(
            Height % block == 0 && Width % block == 0,
            $"these settings squeeze {squeezes} times, so height and width must be multiples of {block}; found {Height} and {Width}");
        problems.ThrowIfAny();
    }
}
