namespace TinyFlow.Cpu.Normalizations;

/// <summary>
/// The per-channel operands of a normalization, as addresses; null where it has none: an instance normalization has
/// neither gamma and beta nor running statistics.
/// </summary>
internal unsafe struct BatchNormParameters
{
    public float* Gamma;
    public float* Beta;
    public float* Mean;
    public float* InverseDeviation;
    public float* RunningMean;
    public float* RunningVariance;
    public float* Bias;
    public BatchNormSettings Settings;

    /// <summary>Writes a channel's batch statistics, and mixes them into the running ones if there are any.</summary>
    public readonly void SetStatistics(int channel, Moments moments)
    {
        double momentum = Settings.Momentum;
        Mean[channel] = (float)moments.Mean;
        InverseDeviation[channel] = (float)(1 / Math.Sqrt(moments.Squares / moments.Count + Settings.Epsilon));
        if (RunningMean is null)
        {
            return;
        }

        RunningMean[channel] = (float)((1 - momentum) * RunningMean[channel] + momentum * (moments.Mean + (Bias is null ? 0 : Bias[channel])));
        RunningVariance[channel] = (float)((1 - momentum) * RunningVariance[channel] + momentum * (moments.Squares / (moments.Count - 1)));
    }

    /// <summary>A channel's gamma: 1 where there is none.</summary>
    public readonly float GammaOf(int channel) => Gamma is null ? 1 : Gamma[channel];

    public readonly ChannelCoefficients Coefficients(int channel) => new(
        Mean[channel], GammaOf(channel) * InverseDeviation[channel], Beta is null ? 0 : Beta[channel], Settings.Activation == Activation.Relu);
}
