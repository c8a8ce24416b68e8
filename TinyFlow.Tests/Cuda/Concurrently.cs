namespace TinyFlow.Tests.Cuda;

/// <summary>Runs work on several threads of their own at the same time, and passes on what fails in them.</summary>
internal static class Concurrently
{
    public static void Run(int threads, Action<int> work) => Task.WaitAll(
        [.. Enumerable.Range(0, threads).Select(i => Task.Factory.StartNew(() => work(i), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);
}
