namespace TinyFlow.Nvp.Parameters;

/// <summary>
/// A copy of a model's buffers (running statistics), which a training pass changes before it is known whether its loss is
/// finite. Taking and restoring it moves some kilobytes within the backend's memory.
/// </summary>
internal sealed class BufferSnapshot : IDisposable
{
    private readonly IReadOnlyList<StateBuffer> _buffers;
    private readonly Tensor[] _copies;

    /// <summary>Room for the buffers of a set.</summary>
    public BufferSnapshot(ParameterSet parameters)
    {
        _buffers = parameters.Buffers;
        _copies = [.. _buffers.Select(buffer => parameters.Backend.Allocate(buffer.Shape, $"a copy of {buffer.Name}"))];
    }

    /// <summary>Remembers what the buffers hold.</summary>
    public void Take() => Copy(toBuffers: false);

    /// <summary>Gives the buffers back what <see cref="Take"/> found.</summary>
    public void Restore() => Copy(toBuffers: true);

    /// <summary>Releases the copies.</summary>
    public void Dispose()
    {
        foreach (Tensor copy in _copies)
        {
            copy.Dispose();
        }
    }

    private void Copy(bool toBuffers)
    {
        for (int i = 0; i < _copies.Length; i++)
        {
            (Tensor from, Tensor to) = toBuffers ? (_copies[i], _buffers[i].Value) : (_buffers[i].Value, _copies[i]);
            to.Backend.ScaleShift(from, 1, 0, to);
        }
    }
}
