using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Models;

/// <summary>
/// The flow of preset <c>bjlkeng</c>, with the names of its PyTorch state_dict: couplings in groups of six, of which the
/// first three have checkerboard masks and the others masks over channels, with a squeeze between them; after each group
/// half of the channels is factored out and the networks become twice as wide. Then the final couplings, with checkerboard
/// masks. A batch norm follows each coupling. The latent variables are a vector: the parts factored out, in order, then
/// the rest.
/// </summary>
internal sealed class KengFlow(ParameterScope root, ModelConfig config)
{
    private const int Group = 6, CheckerboardsOfGroup = 3;

    // The published code's.
    private const double Momentum = 0.005;

    public static IFlow Build(ParameterScope root, ModelConfig config)
    {
        Chain flow = new KengFlow(root, config).From(0, config.Image, config.Hidden);
        return config.DataConstraint is { } constraint ? new Chain(new LogitTransform(constraint), flow) : flow;
    }

    /// <summary>How many times the settings squeeze an image.</summary>
    public static int Squeezes(ModelConfig config) => (config.Layers + Group - CheckerboardsOfGroup) / Group;

    /// <summary>Couplings that stand before the final ones, in a model with so many factor-outs.</summary>
    public static int LayersOf(int factorOuts) => factorOuts * Group;

    private Chain From(int coupling, Shape image, int planes)
    {
        List<IFlow> steps = [];
        for (; coupling < config.Layers + config.FinalLayers; coupling++)
        {
            steps.Add(Coupling(coupling, image, planes));
            steps.Add(new FlowBatchNorm(root / "norms" / coupling, image[0], FlowStatistics.UpdatedRunning, Momentum));
            if (coupling < config.Layers && coupling % Group == CheckerboardsOfGroup - 1)
            {
                steps.Add(new Squeeze());
                image = [4 * image[0], image[1] / 2, image[2] / 2];
            }
            else if (coupling < config.Layers && coupling % Group == Group - 1)
            {
                steps.Add(new FactorOut(image, From(coupling + 1, image.With(0, image[0] / 2), 2 * planes), FactorOutLayout.Flat));
                return new Chain([.. steps]);
            }
        }

        steps.Add(new Flatten(image));
        return new Chain([.. steps]);
    }

    private AffineCoupling Coupling(int coupling, Shape image, int planes)
    {
        KengNet net = new(root, coupling, image, planes, config.Blocks);
        Parameter scale = (root / "s_scale").Parameter($"{coupling}", image, Initializers.Zero);
        return new AffineCoupling(root / "masks" / coupling, image, Mask(coupling, image), net, scale);
    }

    // The published masks mark what is kept: ours are their opposites.
    private float[] Mask(int coupling, Shape image)
    {
        if (coupling >= config.Layers)
        {
            return Masks.CheckerboardOfChannels(image, inverted: (coupling - config.Layers) % 2 == 0);
        }

        return coupling % Group < CheckerboardsOfGroup
            ? Masks.CheckerboardOfChannels(image, inverted: coupling % 2 == 0)
            : Masks.HalfOfChannels(image, inverted: coupling % 2 == 1);
    }
}
