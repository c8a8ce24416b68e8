namespace TinyFlow.Tests.Backends;

/// <summary>Runs a test on a reference backend with poisoned memory, and fails it if a tensor is still alive at its end.</summary>
internal static class OnReference
{
    public static void Run(Action<ReferenceBackend> test)
    {
        using ReferenceBackend backend = new(poison: true);
        test(backend);
        backend.AssertNoLeaks();
    }

    /// <summary>Runs and demands an exception whose message has all the given parts, in any order.</summary>
    public static void Throws<TException>(Action action, params string[] parts) where TException : Exception
    {
        TException exception = Assert.ThrowsExactly<TException>(action);
        foreach (string part in parts)
        {
            Assert.Contains(part, exception.Message);
        }
    }
}
