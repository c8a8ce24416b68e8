namespace TinyFlow.Memory;

/// <summary>
/// Blocks that a pool keeps apart for recorded work, which writes to them whenever it is repeated. All recordings of a pool
/// share one reserve: none needs what another left in it. When the last is disposed, the blocks go back.
/// </summary>
internal sealed class PoolReserve(CachingPool pool) : IDisposable
{
    private bool _disposed;

    /// <summary>Says that this recording's work will not be repeated.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            pool.ReleaseReserve();
        }
    }
}
