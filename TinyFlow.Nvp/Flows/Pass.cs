namespace TinyFlow.Nvp.Flows;

/// <summary>Which statistics batch norms use.</summary>
public enum Pass
{
    /// <summary>Those of the batch, which also update the running ones.</summary>
    Training,

    /// <summary>Those of the batch, as a training pass of the same batch used them; nothing is updated once more.</summary>
    Replay,

    /// <summary>The running ones: every image's likelihood depends on that image alone.</summary>
    Evaluation,
}
