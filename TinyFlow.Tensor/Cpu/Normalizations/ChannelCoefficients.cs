namespace TinyFlow.Cpu.Normalizations;

/// <summary>
/// What one channel's numbers need: before the activation y = (x − mean)·scale + shift, the same expression in the
/// forward and the backward pass, so that both agree on what the activation lets through.
/// </summary>
internal readonly record struct ChannelCoefficients(float Mean, float Scale, float Shift, bool Relu);
