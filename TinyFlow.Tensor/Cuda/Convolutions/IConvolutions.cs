namespace TinyFlow.Cuda.Convolutions;

/// <summary>
/// Convolutions on tensors in device memory, x [N, C, H, W], weight [K, C, R, S], y [N, K, H', W'], none of
/// them empty.
/// </summary>
internal interface IConvolutions : IDisposable
{
    /// <summary>What computes them, in words; where it is not the usual, also why.</summary>
    string Description { get; }

    /// <summary>y = x ∗ weight, + bias [K] unless that is 0.</summary>
    void Forward(in ConvolutionGeometry geometry, ulong x, ulong weight, ulong bias, ulong y);

    /// <summary>The gradient with respect to x.</summary>
    void InputGradient(in ConvolutionGeometry geometry, ulong dy, ulong weight, ulong dx, bool adds);

    /// <summary>The gradient with respect to weight.</summary>
    void WeightGradient(in ConvolutionGeometry geometry, ulong x, ulong dy, ulong dweight, bool adds);
}
