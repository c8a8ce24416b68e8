using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace TinyFlow.Cpu.Threads;

/// <summary>
/// Persistent threads that share the pieces of one piece of work at a time with the thread that asks for it. Nothing
/// is allocated per call.
/// </summary>
/// <remarks>
/// Each worker owns a run of neighbouring pieces, so that consecutive kernels find a core's elements in its cache, and
/// takes from the others' runs when its own is empty. The caller takes part and can finish everything alone: it waits
/// only for pieces that somebody has begun, so a worker that sleeps, or that a busy machine does not let run, delays
/// nobody. A worker spins for some microseconds between calls, because kernels follow each other closely, and then
/// sleeps.
/// Why no piece is lost or run twice: a piece belongs to whoever lowers its slot's counter by compare-and-swap. The
/// counters are positive only while the fields below describe their work, since Run does not return before the last
/// taken piece has been reported; so who has taken one may read the fields.
/// </remarks>
internal sealed unsafe class WorkerPool : IDisposable
{
    private const int MicrosecondsBeforeSleep = 60;

    private static readonly long TicksBeforeSleep = Stopwatch.Frequency * MicrosecondsBeforeSleep / 1_000_000;

    // The pool whose piece this thread is running, and as which worker: a nested call runs in place.
    [ThreadStatic]
    private static WorkerPool? _currentPool;

    [ThreadStatic]
    private static int _currentWorker;

    private readonly Lock _entry = new();
    private readonly object _gate = new();
    private readonly WorkerSlot[] _slots;
    private readonly bool _spins;
    private readonly Action<Thread> _start;
    private Thread[] _threads = [];
    private delegate*<void*, int, int, void> _run;
    private void* _work;
    private int _pieces;
    private int _unfinished;
    private int _sleeping;
    private volatile int _generation;
    private volatile bool _stop;
    private ExceptionDispatchInfo? _failure;

    /// <summary>A pool of <paramref name="count"/> workers, of which the calling thread is one. Threads start at the first call that needs them.</summary>
    /// <param name="count">How many workers, the caller included.</param>
    /// <param name="start">How a thread is started, for tests of what happens if the system refuses.</param>
    public WorkerPool(int count, Action<Thread>? start = null)
    {
        _start = start ?? (static thread => thread.Start());
        Count = Math.Max(1, count);
        _slots = new WorkerSlot[Count];
        // With more threads than cores a spinning worker would hold up a working one.
        _spins = Count <= Environment.ProcessorCount;
    }

    /// <summary>The number of workers, the caller included.</summary>
    public int Count { get; }

    /// <summary>
    /// Runs all pieces and returns when the last has ended. Calls from several threads wait for each other; a call from
    /// within a piece runs in place, as the same worker.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The pool has been disposed.</exception>
    /// <exception cref="InvalidOperationException">The system did not let a thread start; none is left behind, and the next call tries again.</exception>
    /// <param name="pieces">How many pieces there are.</param>
    /// <param name="work">What a piece does.</param>
    /// <param name="isSmall">Whether the whole is so little that the caller does it alone.</param>
    /// <remarks>An exception in a piece is thrown here, once; pieces not yet begun are then skipped.</remarks>
    public void Run<TWork>(int pieces, TWork work, bool isSmall = false) where TWork : struct, IWork
    {
        if (ReferenceEquals(_currentPool, this))
        {
            for (int piece = 0; piece < pieces; piece++)
            {
                work.Run(piece, _currentWorker);
            }

            return;
        }

        lock (_entry)
        {
            ObjectDisposedException.ThrowIf(_stop, this);
            if (Count == 1 || pieces <= 1 || isSmall)
            {
                RunAlone(pieces, ref work);
                return;
            }

            if (_threads.Length == 0)
            {
                Start();
            }

            _run = &Invoke<TWork>;
#pragma warning disable CS8500 // The work outlives the call: this method waits for all pieces.
            _work = &work;
#pragma warning restore CS8500
            _pieces = pieces;
            _failure = null;
            Volatile.Write(ref _unfinished, pieces);
            for (int slot = 0; slot < _slots.Length; slot++)
            {
                Volatile.Write(ref _slots[slot].Remaining, EndOf(slot) - EndOf(slot - 1));
            }

            Publish(Math.Min(pieces - 1, _threads.Length));
            Share(0);
            SpinWait spin = default;
            while (Volatile.Read(ref _unfinished) > 0)
            {
                spin.SpinOnce(sleep1Threshold: -1);
            }

            _work = null;
            _failure?.Throw();
        }
    }

    /// <summary>Ends the threads, after the work that is under way.</summary>
    public void Dispose()
    {
        lock (_entry)
        {
            if (_stop)
            {
                return;
            }

            _stop = true;
            Publish(_threads.Length);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private void Start()
    {
        Thread[] threads = new Thread[Count - 1];
        int generation = _generation, started = 0;
        try
        {
            for (; started < threads.Length; started++)
            {
                int worker = started + 1;
                threads[started] = new Thread(() => Loop(worker, generation)) { IsBackground = true, Name = $"tinyflow worker {worker}" };
                _start(threads[started]);
            }
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            _stop = true;
            Publish(started);
            foreach (Thread thread in threads.AsSpan(0, started))
            {
                thread.Join();
            }

            _stop = false;
            throw new InvalidOperationException($"The system started {started} of {threads.Length} worker threads and refused the next. Use fewer threads.", e);
        }

        _threads = threads;
    }

    private void RunAlone<TWork>(int pieces, ref TWork work) where TWork : struct, IWork
    {
        (WorkerPool? outer, int outerWorker) = (_currentPool, _currentWorker);
        (_currentPool, _currentWorker) = (this, 0);
        try
        {
            for (int piece = 0; piece < pieces; piece++)
            {
                work.Run(piece, 0);
            }
        }
        finally
        {
            (_currentPool, _currentWorker) = (outer, outerWorker);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Invoke<TWork>(void* work, int piece, int worker) where TWork : struct, IWork =>
        Unsafe.AsRef<TWork>(work).Run(piece, worker);

    /// <summary>The number of the piece behind a slot's last.</summary>
    private int EndOf(int slot) => (int)((long)_pieces * (slot + 1) / _slots.Length);

    /// <summary>Announces new work, and wakes as many sleepers as can be of use.</summary>
    private void Publish(int wanted)
    {
        // The increment is a full fence: either the sleeper's last look sees it, or this sees the sleeper.
        Interlocked.Increment(ref _generation);
        if (Volatile.Read(ref _sleeping) > 0)
        {
            lock (_gate)
            {
                for (int i = Math.Min(wanted, _sleeping); i > 0; i--)
                {
                    Monitor.Pulse(_gate);
                }
            }
        }
    }

    private void Share(int worker)
    {
        (WorkerPool? outer, int outerWorker) = (_currentPool, _currentWorker);
        (_currentPool, _currentWorker) = (this, worker);
        int done = 0;
        for (int i = 0; i < _slots.Length; i++)
        {
            int slot = (worker + i) % _slots.Length;
            while (TryTake(slot, out int piece))
            {
                done++;
                if (Volatile.Read(ref _failure) is not null)
                {
                    continue;
                }

                try
                {
                    _run(_work, piece, worker);
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
                }
            }
        }

        (_currentPool, _currentWorker) = (outer, outerWorker);
        if (done > 0)
        {
            Interlocked.Add(ref _unfinished, -done);
        }
    }

    private bool TryTake(int slot, out int piece)
    {
        ref int remaining = ref _slots[slot].Remaining;
        int seen = Volatile.Read(ref remaining);
        while (seen > 0)
        {
            int found = Interlocked.CompareExchange(ref remaining, seen - 1, seen);
            if (found == seen)
            {
                piece = EndOf(slot) - seen;
                return true;
            }

            seen = found;
        }

        piece = 0;
        return false;
    }

    private void Loop(int worker, int seen)
    {
        while (true)
        {
            if (_spins)
            {
                Spin(seen);
            }

            if (_generation == seen)
            {
                Sleep(seen);
            }

            seen = _generation;
            if (_stop)
            {
                return;
            }

            Share(worker);
        }
    }

    private void Spin(int seen)
    {
        long start = Stopwatch.GetTimestamp();
        while (_generation == seen && Stopwatch.GetTimestamp() - start < TicksBeforeSleep)
        {
            Thread.SpinWait(8);
        }
    }

    private void Sleep(int seen)
    {
        lock (_gate)
        {
            Interlocked.Increment(ref _sleeping);
            while (_generation == seen)
            {
                Monitor.Wait(_gate);
            }

            Interlocked.Decrement(ref _sleeping);
        }
    }
}
