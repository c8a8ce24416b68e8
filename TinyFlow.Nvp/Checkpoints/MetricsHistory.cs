namespace TinyFlow.Nvp.Checkpoints;

/// <summary>What metrics.jsonl holds.</summary>
/// <param name="Rows">The rows that can be read, in the order of the file.</param>
/// <param name="DamagedLines">The number of lines that cannot be read: at most the last one after a crash.</param>
public sealed record MetricsHistory(IReadOnlyList<MetricsRow> Rows, int DamagedLines);
