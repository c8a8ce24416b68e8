namespace TinyFlow.Nvp.Flows;

/// <summary>How the two parts of an image that <see cref="FactorOut"/> has parted come together again.</summary>
public enum FactorOutLayout
{
    /// <summary>
    /// In their places, [N, C, H, W]: the channels that went on come first, as in the image. The inner flow keeps its
    /// input's shape.
    /// </summary>
    InPlace,

    /// <summary>
    /// As one vector per image, [N, D, 1, 1]: the part factored out, then the inner flow's result, which is such a vector
    /// too (<see cref="Flatten"/> ends a chain with one). Nested, the parts stand in the order in which they left.
    /// </summary>
    Flat,
}
