namespace TinyFlow;

/// <summary>
/// What a normalization does to x [N, C, H, W], once its statistics are known: activation(gamma · (x − mean) ·
/// inverseDeviation + beta). All four are [C]; of an instance normalization, mean and inverseDeviation are [N, C], and gamma
/// and beta are absent: 1 and 0.
/// </summary>
public readonly record struct ChannelNorm(Tensor? Gamma, Tensor? Beta, Tensor Mean, Tensor InverseDeviation, Activation Activation);

/// <summary>
/// Where the statistics of a batch normalization go: the batch's mean and inverseDeviation [C] are written, and mixed into the
/// running ones. A bias [C] that the images lack yet shows in the running mean alone.
/// </summary>
public readonly record struct StatisticsSink(
    Tensor Mean, Tensor InverseDeviation, Tensor RunningMean, Tensor RunningVariance, BatchNormSettings Settings, Tensor? Bias = null);

/// <summary>
/// A backend that normalizes while it does something else: convolutions normalize what they read as they read it and take the
/// statistics of what they write as they write it, and an instance normalization adds to what it writes. That saves the passes that write the normalized images and read them again,
/// and their memory. The caller may pass dy as dx to its gradients of normalizations, if dx is overwritten, not added to. On other
/// backends a normalization is a pass of its own.
/// </summary>
public interface IFusedNormalization
{
    /// <summary>The statistics of <see cref="IBackend.BatchNorm"/> alone.</summary>
    void BatchNormStatistics(Tensor x, StatisticsSink statistics);

    /// <summary>y = the normalized x, both [N, C, H, W], with known statistics.</summary>
    void Normalize(Tensor x, ChannelNorm norm, Tensor y);

    /// <summary>inverseDeviation = 1/√(runningVariance + ε), both [C].</summary>
    void InverseDeviation(Tensor runningVariance, Tensor inverseDeviation, double epsilon);

    /// <summary>The statistics of <see cref="IBackend.InstanceNorm"/> alone: writes mean and inverseDeviation [N, C].</summary>
    void InstanceNormStatistics(Tensor x, Tensor mean, Tensor inverseDeviation, double epsilon);

    /// <summary>
    /// <see cref="IBackend.Conv2D"/> of x, or of the normalized x, where padding is zeros beside normalized values; and
    /// <see cref="BatchNormStatistics"/> of y, which then has at least 2 values per channel, if they are wanted.
    /// </summary>
    void Conv2D(Tensor x, ChannelNorm? entry, Tensor weight, Tensor? bias, Tensor y, ConvolutionWindow window, StatisticsSink? statistics = null);

    /// <summary><see cref="IBackend.Conv2DWeightGradient"/> of it.</summary>
    void Conv2DWeightGradient(Tensor x, ChannelNorm entry, Tensor dy, Sink dweight, Sink dbias, ConvolutionWindow window);

    /// <summary>y = activation(<see cref="IBackend.InstanceNorm"/> of x, without one, + residual), which has the shape of x.</summary>
    void InstanceNormSum(Tensor x, Tensor residual, Tensor mean, Tensor inverseDeviation, Tensor y, double epsilon, Activation activation);
}
