namespace Bench;

/// <summary>The comparison cannot be made or must not be trusted; the message says why.</summary>
internal sealed class BenchException(string message) : Exception(message);
