namespace TinyFlow.Tests.Training;

/// <summary>A clock by which everything takes the same time, on a machine however busy: it moves on whenever it is looked at.</summary>
internal sealed class EvenTime : TimeProvider
{
    /// <summary>What a step takes, and a validation.</summary>
    public static readonly TimeSpan Each = TimeSpan.FromMilliseconds(10);

    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _ticks += Each.Ticks;
}
