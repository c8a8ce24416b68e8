namespace TinyFlow.Nvp.Objectives;

/// <summary>What the L2 term of a loss holds down.</summary>
public enum PenaltyKind
{
    /// <summary>Σ w² over all parameters whose name contains <c>weight</c>: convolutions, and the γ of batch norms.</summary>
    Weights,

    /// <summary>Σ s_scale² over the learned factors of the couplings' scales, divided by the images of the batch (B. Keng's published code).</summary>
    CouplingScalesPerImage,
}
