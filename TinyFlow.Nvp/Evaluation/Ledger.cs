namespace TinyFlow.Nvp.Evaluation;

/// <summary>
/// A likelihood term by term, as means over images and draws of noise in nats: the log density of z under the prior, the
/// log-determinant of each step in the order of the flow, and the volume of the pixels' bins. Together they are −nll.
/// </summary>
/// <param name="Entries">Name and nats an image of each term.</param>
public sealed record Ledger(IReadOnlyList<LedgerEntry> Entries)
{
    /// <summary>The sum of all terms: the mean of log p(pixels), or rather its bound.</summary>
    public double Total => Entries.Sum(entry => entry.Nats);
}

/// <summary>A term of a likelihood, in nats an image.</summary>
public sealed record LedgerEntry(string Name, double Nats);
