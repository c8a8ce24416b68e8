namespace TinyFlow.Nvp.Training;

/// <summary>How gradients become updates.</summary>
public enum OptimizerKind
{
    /// <summary>As torch.optim.Adam.</summary>
    Adam,

    /// <summary>As torch.optim.Adamax: Adam with the maximum of past gradients in place of their root mean square.</summary>
    Adamax,
}
