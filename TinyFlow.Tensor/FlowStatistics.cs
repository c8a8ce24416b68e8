namespace TinyFlow;

/// <summary>With which statistics a batch normalization on a flow's path normalizes in training; in evaluation it is always the running ones.</summary>
public enum FlowStatistics
{
    /// <summary>The batch's mean and biased variance (Dinh et al. 2017, section 3.7, as in the authors' code).</summary>
    Batch,

    /// <summary>
    /// The running ones, into which the batch's mean and unbiased variance have just been mixed; gradients flow through
    /// the batch's part of the mixture alone (B. Keng).
    /// </summary>
    UpdatedRunning,
}

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
