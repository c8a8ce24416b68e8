using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Models;

/// <summary>What a step of Glow (Kingma and Dhariwal 2018) has before its coupling: ActNorm and an invertible 1x1 convolution.</summary>
internal static class ChannelMixing
{
    /// <summary>Those of the given step that the settings ask for. The first has no convolution: its coupling is a checkerboard's.</summary>
    public static IEnumerable<IFlow> Before(int coupling, ParameterScope step, int channels, ModelConfig config)
    {
        if (config.ActNorm)
        {
            yield return new ActNorm(step / "act_norm", channels);
        }

        if (config.InvertibleConvolution && coupling > 0)
        {
            yield return new InvertibleConvolution(step / "convolution", channels);
        }
    }
}
