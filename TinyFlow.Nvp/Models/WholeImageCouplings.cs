using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Models;

/// <summary>
/// Steps of ActNorm, unless <see cref="ModelConfig.ActNorm"/> says otherwise, and an affine coupling whose fully connected net sees the whole image at once: what makes the strokes
/// that convolutions know into a digit.
/// </summary>
internal static class WholeImageCouplings
{
    /// <summary><see cref="ModelConfig.DenseLayers"/> couplings of images [C, H, W] as vectors.</summary>
    public static Flattened Build(ParameterScope root, Shape image, ModelConfig config)
    {
        List<IFlow> steps = [];
        int size = checked((int)image.Count), plane = image[1] * image[2], width = image[2];
        Shape vector = [size, 1, 1];
        for (int i = 0; i < config.DenseLayers; i++)
        {
            ParameterScope step = root / i;

            // In turn by place and by channel, each time one half and then the other.
            bool byPlace = i / 2 % 2 == 0;
            int half = i % 2;
            float[] mask = Masks.Channels(vector, d => (byPlace ? d % plane / width + d % width + d / plane : d / plane) % 2 == half);
            if (config.ActNorm)
            {
                steps.Add(new ActNorm(step / "act_norm", size));
            }

            DenseNet net = new(step / "coupling" / "net", size, 2 * size, config.DenseHidden);
            steps.Add(new AffineCoupling(step / "coupling", vector, mask, net, (step / "coupling").Parameter("scale", [size], Initializers.One)));
        }

        return new Flattened(image, new Chain([.. steps]));
    }
}
