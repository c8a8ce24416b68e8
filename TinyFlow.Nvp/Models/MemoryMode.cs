namespace TinyFlow.Nvp.Models;

/// <summary>What a training step keeps of its forward pass.</summary>
public enum MemoryMode
{
    /// <summary>Every activation that the backward pass needs.</summary>
    Stored,

    /// <summary>
    /// The latent variables alone: the backward pass rebuilds each step's input from its output, so that memory does not
    /// grow with the number of couplings (but for an image for each coupling of learned noise), at the cost of computing each
    /// of them twice.
    /// </summary>
    Reversible,
}
