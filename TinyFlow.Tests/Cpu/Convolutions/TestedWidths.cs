using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Tests.Cpu.Convolutions;

/// <summary>
/// The vector widths that are tested on this machine, in bits: all, where it has registers of 256, of which .NET makes those of
/// 512. Where it has 128 or is told so, wider ones would be computed without any, in minutes instead of seconds, and other
/// machines and runs have them.
/// </summary>
internal static class TestedWidths
{
    public static int[] All { get; } = VectorWidths.Best == VectorWidth.Bits128 ? [128] : [128, 256, 512];
}
