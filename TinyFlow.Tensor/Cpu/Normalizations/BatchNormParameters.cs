namespace TinyFlow.Cpu.Normalizations;

/// <summary>The per-channel operands of a batch normalization, as addresses.</summary>
internal unsafe struct BatchNormParameters
{
    public float* Gamma;
    public float* Beta;
    public float* Mean;
    public float* InverseDeviation;
    public float* RunningMean;
    public float* RunningVariance;
    public BatchNormSettings Settings;

    /// <summary>Writes a channel's batch statistics, and mixes them into the running ones.</summary>
    public readonly void SetStatistics(int channel, Moments moments)
    {
        double momentum = Settings.Momentum;
        Mean[channel] = (float)moments.Mean;
        InverseDeviation[channel] = (float)(1 / Math.Sqrt(moments.Squares / moments.Count + Settings.Epsilon));
        RunningMean[channel] = (float)((1 - momentum) * RunningMean[channel] + momentum * moments.Mean);
        RunningVariance[channel] = (float)((1 - momentum) * RunningVariance[channel] + momentum * (moments.Squares / (moments.Count - 1)));
    }

    public readonly ChannelCoefficients Coefficients(int channel) => new(
        Mean[channel], Gamma[channel] * InverseDeviation[channel], Beta[channel], Settings.Activation == Activation.Relu);
}
