namespace TinyFlow;

/// <summary>
/// A backend that can record what is asked of it and repeat all of it at once, as a graph of kernels. What changes from one
/// time to the next must be in the backend's memory then, not in arguments: see <see cref="IBackend.TakeRow"/>.
/// </summary>
public interface IRecorder
{
    /// <summary>
    /// Runs <paramref name="work"/> without doing any of it, and records it. The memory that it takes and gives back stays the
    /// recording's until that is disposed; the work must neither read to the host nor write from it.
    /// </summary>
    /// <exception cref="NotSupportedException">Something in it cannot be recorded; the message says what. Do it step by step then.</exception>
    IRecording Record(Action work);
}

/// <summary>Work that a backend can repeat.</summary>
public interface IRecording : IDisposable
{
    /// <summary>Does it once more, on what the tensors hold now.</summary>
    void Replay();
}
