using System.Runtime.Intrinsics;

namespace TinyFlow.Cpu.Vectors;

/// <summary>The register width that kernels are compiled for, in bits.</summary>
internal enum VectorWidth
{
    Bits128 = 128,
    Bits256 = 256,
    Bits512 = 512,
}

internal static class VectorWidths
{
    /// <summary>The widest that this machine, and the runtime's switches, have.</summary>
    public static VectorWidth Best =>
        Vector512.IsHardwareAccelerated ? VectorWidth.Bits512
        : Vector256.IsHardwareAccelerated ? VectorWidth.Bits256
        : VectorWidth.Bits128;
}
