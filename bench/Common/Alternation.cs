using System.Diagnostics;

namespace Bench;

/// <summary>Times two ways to do the same in turns, so that whatever slows the machine for a while slows both.</summary>
internal static class Alternation
{
    /// <summary>Median milliseconds of one call of each; each turn lasts at least as long as is asked.</summary>
    public static (double First, double Second) Measure(Action first, Action second, int repetitions, double millisecondsPerTurn)
    {
        Run(first, 4 * millisecondsPerTurn);
        Run(second, 4 * millisecondsPerTurn);
        double[] firsts = new double[repetitions], seconds = new double[repetitions];
        for (int i = 0; i < repetitions; i++)
        {
            firsts[i] = Run(first, millisecondsPerTurn);
            seconds[i] = Run(second, millisecondsPerTurn);
        }

        return (Numbers.Median(firsts), Numbers.Median(seconds));
    }

    /// <summary>Milliseconds of one call, the mean over as many as fill the time, at least one.</summary>
    public static double Run(Action action, double milliseconds)
    {
        long start = Stopwatch.GetTimestamp();
        int count = 0;
        do
        {
            action();
            count++;
        }
        while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < milliseconds);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds / count;
    }
}
