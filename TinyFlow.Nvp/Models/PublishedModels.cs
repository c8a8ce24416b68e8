using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Nvp.Models;

/// <summary>
/// Recognizes the published systems' PyTorch state_dicts by their names, and reads their settings off the shapes.
/// </summary>
internal static class PublishedModels
{
    private const string PaperScale = "flows.", NextScale = "next_block.";

    /// <summary>The settings of a state_dict's model.</summary>
    /// <exception cref="CheckpointException">The names are those of no known system, or incomplete.</exception>
    public static ModelConfig Recognize(IReadOnlyList<StoredTensor> tensors)
    {
        StateDict state = new(tensors);
        if (state.Has("coupling_layers.0.coupling_net.network.0.weight"))
        {
            return Notebook(state);
        }

        if (state.Has("s.0.0.weight"))
        {
            return Bjlkeng(state);
        }

        return state.Has(PaperScale + "in_couplings.0.st_net.in_conv.conv.weight_v")
            ? Paper(state)
            : throw new CheckpointException(
                "The file has no TinyFlow settings in its metadata, and its names are those of no published model (notebook, bjlkeng, paper), so there is no telling what model it is of.");
    }

    // As of the paper's, its networks fit images of any size.
    private static ModelConfig Notebook(StateDict state)
    {
        Shape first = state.Shape("coupling_layers.0.coupling_net.network.0.weight");
        Preset sized = first[1] == 1 ? Presets.Notebook : Presets.PaperCifar;
        return Presets.Notebook.Model with
        {
            Layers = state.Count("coupling_layers."),
            Channels = first[1],
            Height = sized.Model.Height,
            Width = sized.Model.Width,
            Hidden = first[0],
        };
    }

    private static ModelConfig Bjlkeng(StateDict state)
    {
        int couplings = state.Count("norms.");
        int first = state.Shape("s.0.0.weight")[0], last = state.Shape($"s.{couplings - 1}.0.weight")[0];
        Shape image = state.Shape("s_scale.0");

        // Each factor-out doubles the width.
        int layers = KengFlow.LayersOf(factorOuts: int.Log2(Math.Max(1, last / Math.Max(1, first))));
        return Presets.Bjlkeng.Model with
        {
            Layers = layers,
            FinalLayers = couplings - layers,
            Hidden = first,
            Blocks = state.Count("s.0.") - 2,
            Channels = image[0],
            Height = image[1],
            Width = image[2],
        };
    }

    // The networks fit images of any size, which the state_dict does not tell: MNIST's, or CIFAR-10's if there are colours.
    private static ModelConfig Paper(StateDict state)
    {
        string last = PaperScale;
        int scales = 1;
        for (; state.HasAny(last + NextScale); scales++)
        {
            last += NextScale;
        }

        Shape first = state.Shape(PaperScale + "in_couplings.0.st_net.in_conv.conv.weight_v");
        int channels = first[1] / 2;
        Preset preset = channels == 1 ? Presets.Paper : Presets.PaperCifar;
        return preset.Model with
        {
            Levels = scales,
            Layers = state.Count(last + "in_couplings.") - 1,
            Hidden = first[0],
            Blocks = state.Count(PaperScale + "in_couplings.0.st_net.blocks."),
            Channels = channels,
            FlowBatchNorm = state.Has(PaperScale + "in_couplings.0.norm.running_mean"),
            DataConstraint = state.Has("data_constraint") ? state.Number("data_constraint") : preset.Model.DataConstraint,
        };
    }

    /// <summary>Tensors by name.</summary>
    private sealed class StateDict(IReadOnlyList<StoredTensor> tensors)
    {
        private readonly Dictionary<string, StoredTensor> _byName = tensors.ToDictionary(tensor => tensor.Name);

        public bool Has(string name) => _byName.ContainsKey(name);

        public bool HasAny(string prefix) => _byName.Keys.Any(name => name.StartsWith(prefix, StringComparison.Ordinal));

        /// <summary>How many different parts follow a prefix.</summary>
        public int Count(string prefix) => _byName.Keys
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => name[prefix.Length..].Split('.')[0])
            .Distinct()
            .Count();

        /// <summary>The shape of a tensor of at least three axes.</summary>
        public Shape Shape(string name) => Find(name).Shape is { Rank: >= 3 } shape
            ? shape
            : throw new CheckpointException($"The tensor {name} has the shape {Find(name).Shape}; a published model has a weight or an image there.");

        public double Number(string name) => Find(name).ToDoubles() is [double only]
            ? only
            : throw new CheckpointException($"The tensor {name} has the shape {Find(name).Shape}; it should be one number.");

        private StoredTensor Find(string name) => _byName.TryGetValue(name, out StoredTensor? tensor)
            ? tensor
            : throw new CheckpointException($"The file seems to be a published model's, but its tensor {name} is missing.");
    }
}
