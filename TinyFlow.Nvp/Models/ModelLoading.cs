using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Nvp.Models;

/// <summary>Models from checkpoints.</summary>
public static class ModelLoading
{
    private const string NotebookPrefix = "coupling_layers.", FirstWeight = "coupling_layers.0.coupling_net.network.0.weight";

    /// <summary>
    /// The model of a checkpoint, on a backend. A PyTorch state_dict of the seed notebook's model, saved as safetensors,
    /// is recognized by its names; its layers and hidden channels follow from its shapes.
    /// </summary>
    /// <exception cref="CheckpointException">The checkpoint does not say what model it is of.</exception>
    /// <exception cref="ArgumentException">Its tensors are not those of the model: every difference is listed.</exception>
    public static FlowModel Load(Checkpoint checkpoint, IBackend backend)
    {
        ModelConfig config = checkpoint.Configuration is { } json ? RunConfig.FromJson(json).Model : Recognize(checkpoint);
        FlowModel model = FlowModel.Create(config, backend, seed: 0);
        try
        {
            model.Parameters.Import(checkpoint.Model.Arrays());
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static ModelConfig Recognize(Checkpoint checkpoint)
    {
        StoredTensor first = checkpoint.Model.FirstOrDefault(tensor => tensor.Name == FirstWeight)
            ?? throw new CheckpointException("The file has no TinyFlow settings in its metadata, and its names are not those of the notebook's model, so there is no telling what model it is of.");
        int layers = checkpoint.Model
            .Where(tensor => tensor.Name.StartsWith(NotebookPrefix, StringComparison.Ordinal))
            .Select(tensor => tensor.Name.Split('.')[1])
            .Distinct()
            .Count();
        return Presets.Notebook.Model with { Layers = layers, Hidden = first.Shape[0] };
    }
}
