using TinyFlow.Memory;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>Working memory for one call, from the backend's pool: a repeated call gets the same block back and asks the system for nothing.</summary>
internal readonly unsafe ref struct ScratchMemory
{
    private readonly NativePool _pool;
    private readonly long _bytes;

    /// <summary>Undefined contents of the given number of floats, aligned to 64 bytes.</summary>
    public ScratchMemory(NativePool pool, long floats, string purpose)
    {
        _pool = pool;
        _bytes = Math.Max(1, floats) * sizeof(float);
        Data = (float*)pool.Rent(_bytes, purpose);
    }

    public float* Data { get; }

    public void Dispose() => _pool.Return((nint)Data, _bytes);
}
