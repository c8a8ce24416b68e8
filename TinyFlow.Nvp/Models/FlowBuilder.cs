using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Models;

/// <summary>From settings to a flow.</summary>
internal static class FlowBuilder
{
    public static IFlow Build(ParameterScope root, ModelConfig config) => config.Architecture switch
    {
        Architecture.Notebook => NotebookFlow.Build(root, config),
        Architecture.Squeezed => SqueezedFlow.Build(root, config),
        Architecture.MultiScale => MultiScaleFlow.Build(root, config),
        Architecture.Keng => KengFlow.Build(root, config),
        Architecture.Paper => PaperFlow.Build(root, config),
        _ => throw new ArgumentException(
            $"The architecture {config.Architecture} is not known. Known ones: {string.Join(", ", Enum.GetNames<Architecture>())}."),
    };
}
