namespace TinyFlow.Nvp.Objectives;

/// <summary>What training minimizes.</summary>
public enum ObjectiveKind
{
    /// <summary>The exact negative log-likelihood bound, plus the L2 term, which is not reported as likelihood.</summary>
    Exact,

    /// <summary>The seed notebook's loss as published: not a likelihood.</summary>
    Notebook,
}
