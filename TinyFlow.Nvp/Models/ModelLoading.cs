using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Nvp.Models;

/// <summary>Models from checkpoints.</summary>
public static class ModelLoading
{
    /// <summary>
    /// The model of a checkpoint, on a backend. A PyTorch state_dict of one of the published models
    /// (notebook, bjlkeng, paper), saved as safetensors, is recognized by its names; its settings follow from its shapes.
    /// </summary>
    /// <exception cref="CheckpointException">The checkpoint does not say what model it is of.</exception>
    /// <exception cref="ArgumentException">Its tensors are not those of the model: every difference is listed.</exception>
    public static FlowModel Load(Checkpoint checkpoint, IBackend backend)
    {
        ModelConfig config = checkpoint.Configuration is { } json ? RunConfig.FromJson(json).Model : PublishedModels.Recognize(checkpoint.Model);
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
}
