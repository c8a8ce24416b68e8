namespace TinyFlow.Nvp.Parameters;

/// <summary>
/// A copy of a model's buffers (running statistics), which a training pass changes before it is known whether its loss is
/// finite. Taking and restoring it moves some kilobytes within the backend's memory.
/// </summary>
internal sealed class BufferSnapshot(ParameterSet parameters) : IDisposable
{
    private readonly Tensor _copy = parameters.Backend.CopyOf(parameters.BufferValues);

    /// <summary>Remembers what the buffers hold.</summary>
    public void Take() => parameters.Backend.ScaleShift(parameters.BufferValues, 1, 0, _copy);

    /// <summary>Gives the buffers back what <see cref="Take"/> found.</summary>
    public void Restore() => parameters.Backend.ScaleShift(_copy, 1, 0, parameters.BufferValues);

    /// <summary>The same unless the guard, of shape [], is finite.</summary>
    public void RestoreUnlessFinite(Tensor guard) => parameters.Backend.RestoreUnlessFinite(guard, _copy, parameters.BufferValues);

    /// <summary>Releases the copy.</summary>
    public void Dispose() => _copy.Dispose();
}
