namespace TinyFlow.Nvp.Flows;

/// <summary>Which statistics batch norms use.</summary>
public enum Pass
{
    /// <summary>Those of the batch, which also update the running ones.</summary>
    Training,

    /// <summary>The running ones: every image's likelihood depends on that image alone.</summary>
    Evaluation,
}
