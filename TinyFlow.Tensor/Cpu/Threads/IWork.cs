namespace TinyFlow.Cpu.Threads;

/// <summary>
/// Work in numbered pieces that may run in any order on any thread. What a piece computes depends on its number
/// alone, never on the worker, so results are the same for any number of threads; the worker's number only chooses
/// scratch memory.
/// </summary>
internal interface IWork
{
    void Run(int piece, int worker);
}
