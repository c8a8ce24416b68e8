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
