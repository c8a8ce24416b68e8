namespace TinyFlow.Cpu.Normalizations;

/// <summary>How many numbers there were, their mean, and the sum of their squared distances from it.</summary>
internal readonly record struct Moments(double Count, double Mean, double Squares)
{
    /// <summary>The moments of two sets together (Chan, Golub and LeVeque 1979), which never subtracts large numbers.</summary>
    public static Moments operator +(Moments a, Moments b)
    {
        double count = a.Count + b.Count, distance = b.Mean - a.Mean;
        return count == 0 ? default : new Moments(
            count, a.Mean + distance * (b.Count / count), a.Squares + b.Squares + distance * distance * (a.Count * b.Count / count));
    }
}
