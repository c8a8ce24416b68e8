using System.Diagnostics;

namespace Bench;

/// <summary>Threads that begin at the same moment.</summary>
internal static class Together
{
    /// <summary>Seconds from the moment at which all threads begin until the last has ended.</summary>
    public static double Seconds(int threads, Action<int> work)
    {
        long began = 0;
        using Barrier barrier = new(threads, _ => began = Stopwatch.GetTimestamp());
        Thread[] others = [.. Enumerable.Range(1, threads - 1).Select(i => new Thread(() => Begin(i)) { IsBackground = true })];
        foreach (Thread thread in others)
        {
            thread.Start();
        }

        Begin(0);
        foreach (Thread thread in others)
        {
            thread.Join();
        }

        return Stopwatch.GetElapsedTime(began).TotalSeconds;

        void Begin(int i)
        {
            barrier.SignalAndWait();
            work(i);
        }
    }
}
