using TinyFlow.Cpu.Threads;

namespace TinyFlow.Tests.Cpu.Threads;

[TestClass]
public sealed class WorkerPoolTests
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    [DataRow(16)]
    public void Every_piece_runs_exactly_once(int threads)
    {
        using WorkerPool pool = new(threads);
        for (int pieces = 0; pieces < 70; pieces++)
        {
            int[] runs = new int[pieces];
            pool.Run(pieces, new Count(runs, threads));
            Assert.IsTrue(runs.All(times => times == 1), $"{pieces} pieces: {string.Join(" ", runs)}");
        }
    }

    [TestMethod]
    public void Many_quick_calls_lose_nothing_whether_workers_spin_or_sleep()
    {
        using WorkerPool pool = new(3);
        int[] runs = new int[5];
        for (int call = 1; call <= 20_000; call++)
        {
            pool.Run(runs.Length, new Count(runs, 3));
            Assert.IsTrue(runs.All(times => times == call), $"after call {call}: {string.Join(" ", runs)}");
            if (call % 2000 == 0)
            {
                Thread.Sleep(2);
            }
        }
    }

    [TestMethod]
    public void Two_workers_never_have_the_same_number_at_a_time()
    {
        using WorkerPool pool = new(4);
        int[] inside = new int[4];
        pool.Run(2000, new Exclusive(inside));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    public void A_failing_piece_throws_its_own_exception_at_the_caller_and_the_pool_goes_on(int threads)
    {
        using WorkerPool pool = new(threads);
        for (int repetition = 0; repetition < 50; repetition++)
        {
            NotFiniteNumberException exception = Assert.ThrowsExactly<NotFiniteNumberException>(() => pool.Run(40, new Fail(17)));
            Assert.AreEqual("piece 17", exception.Message);
            int[] runs = new int[40];
            pool.Run(runs.Length, new Count(runs, threads));
            Assert.IsTrue(runs.All(times => times == 1));
        }
    }

    [TestMethod]
    public void A_call_from_within_a_piece_runs_in_place_as_the_same_worker()
    {
        using WorkerPool pool = new(3);
        int[] runs = new int[64];
        pool.Run(8, new Nested(pool, runs));
        Assert.IsTrue(runs.All(times => times == 1), string.Join(" ", runs));
    }

    [TestMethod]
    public void Calls_from_two_threads_wait_for_each_other()
    {
        using WorkerPool pool = new(2);
        int[] inside = new int[2];
        Thread[] callers = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            for (int call = 0; call < 500; call++)
            {
                pool.Run(call % 4, new Exclusive(inside));
            }
        }))];
        Array.ForEach(callers, caller => caller.Start());
        Array.ForEach(callers, caller => caller.Join());
        Assert.AreEqual(0, Volatile.Read(ref Exclusive.Collisions), "two pieces ran as the same worker at a time");
    }

    [TestMethod]
    public void A_disposed_pool_says_so()
    {
        WorkerPool pool = new(2);
        pool.Run(10, new Count(new int[10], 2));
        pool.Dispose();
        pool.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => pool.Run(10, new Count(new int[10], 2)));
    }

    [TestMethod]
    public void A_refused_thread_is_explained_leaves_no_thread_behind_and_may_start_later()
    {
        List<Thread> started = [];
        bool isRefused = true;
        using WorkerPool pool = new(5, thread =>
        {
            if (isRefused && started.Count == 2)
            {
                throw new InsufficientMemoryException();
            }

            thread.Start();
            started.Add(thread);
        });
        InvalidOperationException exception = Assert.ThrowsExactly<InvalidOperationException>(() => pool.Run(10, new Count(new int[10], 5)));
        Assert.Contains("started 2 of 4 worker threads", exception.Message);
        Assert.IsFalse(started.Any(thread => thread.IsAlive));

        isRefused = false;
        int[] runs = new int[10];
        pool.Run(runs.Length, new Count(runs, 5));
        Assert.IsTrue(runs.All(times => times == 1));
        Assert.HasCount(6, started);
    }

    [TestMethod]
    public void A_refused_pool_can_be_disposed()
    {
        WorkerPool pool = new(3, static _ => throw new InsufficientMemoryException());
        Assert.ThrowsExactly<InvalidOperationException>(() => pool.Run(10, new Count(new int[10], 3)));
        pool.Dispose();
    }

    [TestMethod]
    public void A_call_allocates_nothing()
    {
        using WorkerPool pool = new(2);
        int[] runs = new int[50];
        pool.Run(runs.Length, new Count(runs, 2));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int call = 0; call < 100; call++)
        {
            pool.Run(runs.Length, new Count(runs, 2));
        }

        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private readonly struct Count(int[] runs, int workers) : IWork
    {
        public void Run(int piece, int worker)
        {
            if ((uint)worker >= (uint)workers)
            {
                throw new InvalidOperationException($"There is no worker {worker}.");
            }

            Interlocked.Increment(ref runs[piece]);
        }
    }

    private readonly struct Exclusive(int[] inside) : IWork
    {
        public static int Collisions;

        public void Run(int piece, int worker)
        {
            if (Interlocked.Increment(ref inside[worker]) != 1)
            {
                Interlocked.Increment(ref Collisions);
                throw new InvalidOperationException($"Two pieces run as worker {worker} at a time.");
            }

            Thread.SpinWait(piece % 7);
            Interlocked.Decrement(ref inside[worker]);
        }
    }

    private readonly struct Fail(int at) : IWork
    {
        public void Run(int piece, int worker)
        {
            if (piece == at)
            {
                throw new NotFiniteNumberException($"piece {piece}");
            }
        }
    }

    private readonly struct Nested(WorkerPool pool, int[] runs) : IWork
    {
        public void Run(int piece, int worker) => pool.Run(8, new Inner(runs, piece, worker));
    }

    private readonly struct Inner(int[] runs, int outer, int outerWorker) : IWork
    {
        public void Run(int piece, int worker)
        {
            if (worker != outerWorker)
            {
                throw new InvalidOperationException($"A piece of worker {outerWorker} ran as {worker}.");
            }

            Interlocked.Increment(ref runs[8 * outer + piece]);
        }
    }
}
