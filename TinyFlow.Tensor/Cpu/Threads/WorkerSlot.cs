using System.Runtime.InteropServices;

namespace TinyFlow.Cpu.Threads;

/// <summary>How many pieces of a worker's own share nobody has taken yet, on a cache line (two, for the prefetcher) of its own.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal struct WorkerSlot
{
    [FieldOffset(64)]
    public int Remaining;
}
