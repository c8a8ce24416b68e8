namespace TinyFlow;

/// <summary>What the products inside matrix products and convolutions may be rounded to; sums are float32 always.</summary>
public enum MatmulPrecision
{
    /// <summary>float32: 24 bits.</summary>
    Highest,

    /// <summary>TF32: 11 bits, on tensor cores, several times as fast (GPUs since Ampere; older ones compute in float32).</summary>
    High,
}
