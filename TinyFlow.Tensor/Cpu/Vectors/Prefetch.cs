using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace TinyFlow.Cpu.Vectors;

/// <summary>
/// Asks for memory before it is needed, where the processor would not guess it: kernels that walk over an image in tiles touch
/// pieces of many rows, none long enough to be recognized. Never changes a result, and may point anywhere.
/// </summary>
internal static unsafe class Prefetch
{
    /// <summary>Begins to load the cache line of an address. Nothing where .NET has no such instruction, which is on ARM64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Line(float* address)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(address);
        }
    }
}
