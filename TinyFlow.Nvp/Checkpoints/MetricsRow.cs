namespace TinyFlow.Nvp.Checkpoints;

/// <summary>The figures of one logged step or one finished epoch. NaN stands for what is unknown, and is null in the file.</summary>
public sealed record MetricsRow
{
    /// <summary>Updates done so far.</summary>
    public required long Step { get; init; }

    /// <summary>The epoch, counted from 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>Which images the figures are about: "train" or "validation".</summary>
    public required string Split { get; init; }

    /// <summary>Negative log-likelihood per image, in nats.</summary>
    public double Nll { get; init; } = double.NaN;

    /// <summary>The same in bits per dimension.</summary>
    public double BitsPerDim { get; init; } = double.NaN;

    /// <summary>The latent variables' log-density per image, in nats.</summary>
    public double LogProbZ { get; init; } = double.NaN;

    /// <summary>The flow's log-determinant per image, in nats.</summary>
    public double LogDet { get; init; } = double.NaN;

    /// <summary>The published notebook's batch norm term per image; not part of a likelihood.</summary>
    public double BatchNorm { get; init; } = double.NaN;

    /// <summary>D·log 256, in nats.</summary>
    public double Dequantization { get; init; } = double.NaN;

    /// <summary>The penalty on the weights that is added to the loss.</summary>
    public double L2 { get; init; } = double.NaN;

    /// <summary>The norm of all gradients, before clipping.</summary>
    public double GradNorm { get; init; } = double.NaN;

    /// <summary>The learning rate of the update.</summary>
    public double LearningRate { get; init; } = double.NaN;

    /// <summary>Images per second since the row before.</summary>
    public double ImagesPerSecond { get; init; } = double.NaN;

    /// <summary>Seconds of training so far.</summary>
    public double Seconds { get; init; } = double.NaN;
}
