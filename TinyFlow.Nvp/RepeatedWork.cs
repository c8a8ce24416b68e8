namespace TinyFlow.Nvp;

/// <summary>
/// Work of a backend alone that is done again and again, in a few sizes. A backend that can record does each size a few times,
/// then records it and repeats the recording; another does it every time. The results are the same.
/// </summary>
internal sealed class RepeatedWork : IDisposable
{
    // Before work of a size is recorded: libraries choose their algorithms, and all memory is taken, in the first time.
    private const int TimesBeforeRecording = 2;

    private readonly Dictionary<int, IRecording> _recordings = [];
    private readonly Dictionary<int, int> _timesDone = [];
    private IRecorder? _recorder;

    /// <summary>Work of a backend, to be recorded where that is wanted and can be.</summary>
    public RepeatedWork(IBackend backend, bool records) => _recorder = records ? backend as IRecorder : null;

    /// <summary>Whether work is recorded, or will be.</summary>
    public bool IsRecorded => _recorder is not null;

    /// <summary>Why a backend that records does not record this; null if it does, or has not tried yet.</summary>
    public string? NotRecorded { get; private set; }

    /// <summary>Does it once, for so many images.</summary>
    public void Do(int images, Action<int> work)
    {
        if (_recordings.TryGetValue(images, out IRecording? recorded))
        {
            recorded.Replay();
            return;
        }

        int times = _timesDone.GetValueOrDefault(images);
        if (_recorder is null || times < TimesBeforeRecording)
        {
            _timesDone[images] = times + 1;
            work(images);
            return;
        }

        IRecording recording;
        try
        {
            recording = _recorder.Record(() => work(images));
        }
        catch (NotSupportedException exception)
        {
            NotRecorded = exception.Message;
            _recorder = null;
            work(images);
            return;
        }

        _recordings.Add(images, recording);
        recording.Replay();
    }

    /// <summary>Drops what was recorded, because something in it has changed that is not in the backend's memory.</summary>
    public void Forget()
    {
        foreach (IRecording recording in _recordings.Values)
        {
            recording.Dispose();
        }

        _recordings.Clear();
    }

    /// <summary>Releases the recordings.</summary>
    public void Dispose() => Forget();
}
