using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Threads;

/// <summary>Work in numbered pieces, as <see cref="IWork"/>, written for any register width.</summary>
/// <remarks>
/// Its loops are methods of their own that are never inlined: once warm, <see cref="Run"/> is compiled anew, and with a
/// loop inlined into it, the formula within would exceed what the compiler is willing to inline.
/// </remarks>
internal interface IVectorWork
{
    void Run<T>(int piece, int worker) where T : struct, ILanes<T>;
}

/// <summary>Vector work at one width.</summary>
internal readonly struct AtWidth<T, TWork>(TWork work) : IWork
    where T : struct, ILanes<T>
    where TWork : struct, IVectorWork
{
    private readonly TWork _work = work;

    public void Run(int piece, int worker) => _work.Run<T>(piece, worker);
}
