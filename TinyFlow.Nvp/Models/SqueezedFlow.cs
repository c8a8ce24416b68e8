using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Models;

/// <summary>
/// Levels of a squeeze and <see cref="ModelConfig.Layers"/> steps of ActNorm, an invertible 1x1 convolution (but before
/// the first coupling; both unless the settings say otherwise) and an affine coupling over channels with a learned scale; then couplings of the whole latent
/// image with fully connected nets, which make the strokes of the levels into a digit.
/// </summary>
internal static class SqueezedFlow
{
    // Which of the 4 pixels of a 2x2 block a coupling changes: the two diagonals (a checkerboard), rows, columns.
    private static readonly int[][] Changed = [[1, 2], [0, 3], [2, 3], [0, 1], [1, 3], [0, 2]];

    public static IFlow Build(ParameterScope root, ModelConfig config)
    {
        List<IFlow> steps = [];
        if (config.DataConstraint is { } constraint)
        {
            steps.Add(new LogitTransform(constraint));
        }

        Shape image = config.Image;
        for (int level = 0; level < config.Levels; level++)
        {
            steps.Add(new Squeeze());
            image = [4 * image[0], image[1] / 2, image[2] / 2];
            for (int i = 0; i < config.Layers; i++)
            {
                ParameterScope step = root / "levels" / level / i;
                steps.AddRange(ChannelMixing.Before(i, step, image[0], config));
                steps.Add(Coupling(step / "coupling", image, Changed[i % Changed.Length], level, config));
            }
        }

        if (config.DenseLayers > 0)
        {
            steps.Add(WholeImageCouplings.Build(root / "dense", image, config));
        }

        return new Chain([.. steps]);
    }

    private static AffineCoupling Coupling(ParameterScope scope, Shape image, int[] changed, int level, ModelConfig config)
    {
        int channels = image[0];

        // The squeeze leaves the pixels of a block in neighbouring channels.
        float[] mask = Masks.Channels(image, channel => changed.Contains(channel % 4));
        // A level has a quarter of the pixels of the one before: twice the width costs the same, and sees the whole digit.
        GatedResidualNet net = new(scope / "net", channels, 2 * channels, config.Hidden << level, config.Blocks);
        return new AffineCoupling(scope, image, mask, net, scope.Parameter("scale", [channels], Initializers.One));
    }
}
