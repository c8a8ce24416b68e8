namespace TinyFlow.Memory;

/// <summary>Which storages of a backend are alive: what frees them late finds out, and what forgets them is named.</summary>
internal sealed class StorageLedger<TStorage> where TStorage : Storage
{
    private readonly HashSet<TStorage> _alive = [];
    private readonly Lock _lock = new();

    /// <summary>A storage has been made.</summary>
    public void Add(TStorage storage)
    {
        lock (_lock)
        {
            _alive.Add(storage);
        }
    }

    /// <summary>A storage's last owner let go; false if the backend was disposed first, and freed it.</summary>
    public bool Remove(TStorage storage)
    {
        lock (_lock)
        {
            return _alive.Remove(storage);
        }
    }

    /// <summary>Takes all storages away, because the backend is being disposed.</summary>
    public TStorage[] TakeAll()
    {
        lock (_lock)
        {
            TStorage[] forgotten = [.. _alive];
            _alive.Clear();
            return forgotten;
        }
    }

    /// <summary>Complains about what is still alive, if there is any.</summary>
    /// <exception cref="InvalidOperationException">There is.</exception>
    public void ThrowIfAny(string backend)
    {
        string[] names;
        lock (_lock)
        {
            names = [.. _alive.Select(storage => storage.Label)];
        }

        if (names.Length > 0)
        {
            throw new InvalidOperationException(
                $"{names.Length} tensors on backend '{backend}' are still alive: {string.Join("; ", names.Take(20))}{(names.Length > 20 ? "; …" : "")}. " +
                "Dispose each where it was created, or let a tape own it.");
        }
    }
}
