using System.Runtime.CompilerServices;

namespace TinyFlow.Cpu.Threads;

/// <summary>
/// Persistent threads that share the pieces of one piece of work at a time with the thread that asks for it. Nothing
/// is allocated per call. A worker spins for some microseconds between calls, because kernels follow each other
/// closely, and then sleeps, so that an idle or oversubscribed machine is left alone.
/// </summary>
internal sealed unsafe class WorkerPool : IDisposable
{
    private const int SpinsBeforeSleep = 2000;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Lock _entry = new();
    private delegate*<void*, int, int, void> _run;
    private void* _work;
    private int _pieces;
    private int _next;
    private int _running;
    private int _sleeping;
    private volatile int _generation;
    private volatile bool _stop;
    private volatile Exception? _failure;

    /// <summary>A pool of <paramref name="count"/> workers, of which the calling thread is one.</summary>
    public WorkerPool(int count)
    {
        Count = Math.Max(1, count);
        _threads = new Thread[Count - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Loop(worker)) { IsBackground = true, Name = $"tinyflow worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>The number of workers, the caller included.</summary>
    public int Count { get; }

    /// <summary>Runs all pieces and returns when the last has ended.</summary>
    public void Run<TWork>(int pieces, TWork work) where TWork : struct, IWork
    {
        if (Count == 1 || pieces <= 1)
        {
            for (int piece = 0; piece < pieces; piece++)
            {
                work.Run(piece, 0);
            }

            return;
        }

        lock (_entry)
        {
            _run = &Invoke<TWork>;
#pragma warning disable CS8500 // The work outlives the call: this method waits for all workers.
            _work = &work;
#pragma warning restore CS8500
            _pieces = pieces;
            _failure = null;
            Volatile.Write(ref _next, 0);
            Volatile.Write(ref _running, _threads.Length);
            Interlocked.Increment(ref _generation);
            int sleeping = Volatile.Read(ref _sleeping);
            if (sleeping > 0)
            {
                _wake.Release(sleeping);
            }

            Share(0);
            SpinWait spin = default;
            while (Volatile.Read(ref _running) > 0)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }

            if (_failure is not null)
            {
                throw new InvalidOperationException($"A kernel failed on a worker thread: {_failure.Message}", _failure);
            }
        }
    }

    public void Dispose()
    {
        if (_stop)
        {
            return;
        }

        _stop = true;
        Interlocked.Increment(ref _generation);
        if (_threads.Length > 0)
        {
            _wake.Release(_threads.Length);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        _wake.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Invoke<TWork>(void* work, int piece, int worker) where TWork : struct, IWork =>
        Unsafe.AsRef<TWork>(work).Run(piece, worker);

    private void Share(int worker)
    {
        try
        {
            int piece;
            while ((piece = Interlocked.Increment(ref _next) - 1) < _pieces)
            {
                _run(_work, piece, worker);
            }
        }
        catch (Exception e)
        {
            _failure = e;
            Volatile.Write(ref _next, _pieces);
        }
    }

    private void Loop(int worker)
    {
        int seen = 0;
        while (true)
        {
            int spins = 0;
            while (_generation == seen)
            {
                if (++spins < SpinsBeforeSleep)
                {
                    Thread.SpinWait(20);
                    continue;
                }

                Interlocked.Increment(ref _sleeping);
                // The generation may have moved between the last look and the announcement of sleep; then nobody
                // will release us for it, so look once more: either we see it here or the caller sees us asleep.
                if (_generation == seen)
                {
                    _wake.Wait();
                }

                Interlocked.Decrement(ref _sleeping);
            }

            seen = _generation;
            if (_stop)
            {
                return;
            }

            Share(worker);
            Interlocked.Decrement(ref _running);
        }
    }
}
