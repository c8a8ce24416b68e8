namespace TinyFlow;

/// <summary>The settings of a batch normalization on a flow's path.</summary>
/// <param name="Epsilon">Added to the variance.</param>
/// <param name="Momentum">The weight of a new batch in the running statistics, as in PyTorch.</param>
/// <param name="Statistics">What it normalizes with.</param>
/// <param name="IsUpdated">Whether the running statistics have this batch in them already: then they stay as they are.</param>
public readonly record struct FlowNormSettings(double Epsilon, double Momentum, FlowStatistics Statistics, bool IsUpdated)
{
    /// <summary>∂ of the mean used by that of the batch.</summary>
    public double MeanShare => Statistics == FlowStatistics.Batch ? 1 : Momentum;

    /// <summary>∂ of the variance used by the biased one of the batch, of so many numbers.</summary>
    public double VarianceShare(long count) => Statistics == FlowStatistics.Batch ? 1 : Momentum * count / (count - 1);
}
