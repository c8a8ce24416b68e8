namespace TinyFlow.Nvp.Evaluation;

/// <summary>How a model is measured.</summary>
public sealed record EvaluationSettings
{
    /// <summary>Draws of dequantization noise an image, over which log p is averaged: still the bound of one draw, with less noise.</summary>
    public int NoiseDraws { get; init; } = 1;

    /// <summary>
    /// Draws K of the importance-weighted bound log (1/K Σ p(x + u_k)) (Burda, Grosse and Salakhutdinov 2016), which is
    /// tighter the more there are; 1 for none. The draws are those of <see cref="NoiseDraws"/> and more where needed.
    /// </summary>
    public int ImportanceSamples { get; init; } = 1;

    /// <summary>Images, from the first on, whose reconstruction x − f⁻¹(f(x)) is measured; 0 for none.</summary>
    public int InverseChecks { get; init; }

    /// <summary>Whether to account for each term of the likelihood.</summary>
    public bool WithLedger { get; init; }

    /// <summary>Another seed, other noise.</summary>
    public ulong Seed { get; init; }
}
