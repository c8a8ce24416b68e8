using System.Runtime.CompilerServices;

namespace TinyFlow.Cpu.Vectors;

/// <summary>What memory is moved in: a vector that lies across two of them is loaded in two parts.</summary>
internal static unsafe class CacheLine
{
    /// <summary>Numbers in a line.</summary>
    public const int Length = 16;

    /// <summary>The first line that begins in memory on the stack, which has <see cref="Length"/> numbers to spare.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float* Aligned(float* memory) => (float*)(((nint)memory + 63) & ~63);
}
