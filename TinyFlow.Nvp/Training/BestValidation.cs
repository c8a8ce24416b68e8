namespace TinyFlow.Nvp.Training;

/// <summary>The best figure on the validation images so far, and where in the run it was reached.</summary>
/// <param name="Epoch">The epoch, counted from 1.</param>
/// <param name="Step">Updates done by then.</param>
/// <param name="BitsPerDim">Bits per dimension, in whole billionths, as a checkpoint keeps them.</param>
public sealed record BestValidation(int Epoch, long Step, double BitsPerDim)
{
    private const string EpochKey = "best_epoch", StepKey = "best_step", BitsKey = "best_bits_per_dim_billionths";

    // A counter holds a whole number, and a resumed run must compare with the very same figure.
    private const double Billion = 1e9;

    /// <summary>As a checkpoint keeps it.</summary>
    internal IEnumerable<KeyValuePair<string, long>> Counters => [new(EpochKey, Epoch), new(StepKey, Step), new(BitsKey, (long)Math.Round(BitsPerDim * Billion))];

    /// <summary>What a checkpoint kept; null if it has none.</summary>
    internal static BestValidation? From(IReadOnlyDictionary<string, long> counters) =>
        counters.TryGetValue(EpochKey, out long epoch) && counters.TryGetValue(StepKey, out long step) && counters.TryGetValue(BitsKey, out long bits) && epoch is > 0 and <= int.MaxValue
            ? new BestValidation((int)epoch, step, bits / Billion)
            : null;

    /// <summary>A new figure if it is better than the best so far, else that. What is not finite, or beyond what a counter holds, is none.</summary>
    internal static BestValidation? Better(BestValidation? best, int epoch, long step, double bitsPerDim)
    {
        double bits = Math.Round(bitsPerDim * Billion);
        return Math.Abs(bits) < long.MaxValue / 2 && (best is null || bits / Billion < best.BitsPerDim) ? new BestValidation(epoch, step, bits / Billion) : best;
    }
}
