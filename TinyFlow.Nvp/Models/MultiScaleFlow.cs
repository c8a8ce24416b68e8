using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Models;

/// <summary>
/// Levels of a squeeze and <see cref="ModelConfig.Layers"/> steps of ActNorm, an invertible 1x1 convolution (but before
/// the first coupling) and a coupling by mixtures or splines; behind each level but the last half of the channels leave, with a prior
/// learned from the other half; each of the three unless the settings say otherwise. In front, if asked for, couplings of the noise that dequantizes, and behind the last level
/// couplings of all that is left. The latent is flat: the parts in the order in which they left.
/// </summary>
internal static class MultiScaleFlow
{
    private const int PixelLevels = 256;

    public static IFlow Build(ParameterScope root, ModelConfig config)
    {
        List<IFlow> steps = [];
        if (config.NoiseLayers > 0)
        {
            steps.Add(Dequantization(root / "dequantization", config));
        }

        if (config.DataConstraint is { } constraint)
        {
            steps.Add(new LogitTransform(constraint));
        }

        return new Chain([.. steps, Level(root / "levels", config.Image, 0, config)]);
    }

    private static VariationalDequantization Dequantization(ParameterScope root, ModelConfig config)
    {
        int channels = 4 * config.Channels;
        IEnumerable<MixtureCoupling> couplings = Enumerable.Range(0, config.NoiseLayers).Select(i => new MixtureCoupling(
            channels, changesFirst: i % 2 == 1, Net(
                root / i / "net", MixtureCoupling.Kept(channels) + channels, MixtureCoupling.ParameterCount(channels, config.Components),
                MixtureCoupling.StartingBias(channels, config.Components), 0, config)));
        return new VariationalDequantization(PixelLevels, [.. couplings]);
    }

    private static Chain Level(ParameterScope root, Shape input, int level, ModelConfig config)
    {
        ParameterScope scope = root / level;
        Shape image = [4 * input[0], input[1] / 2, input[2] / 2];

        // In this order the first half of the channels are the pixels of one diagonal of each 2x2 block: the first
        // couplings, before any 1x1 convolution, are those of a checkerboard.
        List<IFlow> steps = [new Squeeze(SqueezeOrder.Alternative)];
        for (int i = 0; i < config.Layers; i++)
        {
            ParameterScope step = scope / i;
            steps.AddRange(ChannelMixing.Before(i, step, image[0], config));
            steps.Add(Coupling(step / "coupling", image[0], changesFirst: i % 2 == 1, level, config));
        }

        if (level + 1 == config.Levels)
        {
            if (config.DenseLayers > 0)
            {
                steps.Add(WholeImageCouplings.Build(scope / "dense", image, config));
            }

            steps.Add(new Flatten(image));
            return new Chain([.. steps]);
        }

        int half = image[0] / 2;
        ConditionalGaussian? prior = config.LearnedPrior ? new(Net(scope / "prior" / "net", half, 2 * half, Initializers.Zero, level, config)) : null;
        steps.Add(new FactorOut(image, Level(root, image.With(0, half), level + 1, config), FactorOutLayout.Flat, prior));
        return new Chain([.. steps]);
    }

    private static IFlow Coupling(ParameterScope scope, int channels, bool changesFirst, int level, ModelConfig config) => config.Coupling switch
    {
        CouplingKind.Mixture => new MixtureCoupling(channels, changesFirst, Net(
            scope / "net", MixtureCoupling.Kept(channels), MixtureCoupling.ParameterCount(channels, config.Components),
            MixtureCoupling.StartingBias(channels, config.Components), level, config)),
        CouplingKind.Spline => new SplineCoupling(channels, changesFirst, Net(
            scope / "net", SplineCoupling.Kept(channels), SplineCoupling.ParameterCount(channels, config.Bins),
            SplineCoupling.StartingBias(channels, config.Bins), level, config)),
        _ => throw new ArgumentException($"The coupling {config.Coupling} is not known. Known ones: {string.Join(", ", Enum.GetNames<CouplingKind>())}."),
    };

    // A level has a quarter of the pixels of the one before: twice the width costs the same, and sees the whole digit.
    private static GatedResidualNet Net(ParameterScope scope, int inputs, int outputs, Initializer bias, int level, ModelConfig config) =>
        new(scope, inputs, outputs, config.Hidden << level, config.Blocks, bias);
}
