using System.Diagnostics;

namespace Bench;

/// <summary>What other processes take of the machine while something is measured.</summary>
internal sealed class LoadMeter
{
    private double _seconds, _otherSeconds;

    /// <summary>How many cores other processes kept busy; null if unknown.</summary>
    public double? OtherCores => _seconds > 0 ? Math.Round(_otherSeconds / _seconds, 2) : null;

    /// <summary>Does what is measured, for which only a worker's processor time should be spent.</summary>
    public T Measure<T>(WorkerProcess worker, Func<T> work)
    {
        double? busy = Machine.BusySeconds();
        double own = worker.ProcessorSeconds;
        long start = Stopwatch.GetTimestamp();
        T result = work();
        if (Machine.BusySeconds() - busy is { } total)
        {
            _seconds += Stopwatch.GetElapsedTime(start).TotalSeconds;
            _otherSeconds += Math.Max(0, total - (worker.ProcessorSeconds - own));
        }

        return result;
    }
}
