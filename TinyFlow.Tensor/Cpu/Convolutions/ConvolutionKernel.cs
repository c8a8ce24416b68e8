namespace TinyFlow.Cpu.Convolutions;

/// <summary>The ways to compute a convolution; which one serves a shape is decided by <see cref="KernelChoice"/>.</summary>
internal enum ConvolutionKernel
{
    /// <summary>What the cost model finds cheapest.</summary>
    Automatic,

    /// <summary>Register-blocked products over kernel rows: any shape.</summary>
    Direct,

    /// <summary>Vectors along the inputs: a few output channels.</summary>
    ThinOutput,

    /// <summary>F(4x4, 3x3), Winograd's minimal filtering: 3x3, stride 1.</summary>
    Winograd,
}
