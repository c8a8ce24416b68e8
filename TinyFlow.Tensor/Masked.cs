namespace TinyFlow;

/// <summary>A second result of an op, its first times a mask, or the gradient of it.</summary>
/// <param name="Mask">[C, H, W].</param>
/// <param name="Values">[N, C, H, W].</param>
public readonly record struct Masked(Tensor Mask, Tensor Values);
