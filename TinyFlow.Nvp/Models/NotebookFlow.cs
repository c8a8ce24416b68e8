using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Nets;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Models;

/// <summary>The flow of preset <c>notebook</c>, with the names of its PyTorch state_dict.</summary>
internal static class NotebookFlow
{
    public static IFlow Build(ParameterScope root, ModelConfig config)
    {
        List<IFlow> steps = [];
        if (config.DataConstraint is { } constraint)
        {
            steps.Add(new LogitTransform(constraint));
        }

        for (int i = 0; i < config.Layers; i++)
        {
            ParameterScope layer = root / "coupling_layers" / i;
            INet net = NotebookNet.Create(layer / "coupling_net" / "network", config.Channels, config.Hidden);
            steps.Add(new AffineCoupling(layer, config.Image, Masks.Checkerboard(config.Image, inverted: i % 2 == 1), net));
        }

        return new Chain([.. steps]);
    }
}
