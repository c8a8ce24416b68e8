namespace TinyFlow.Cpu.Pixels;

/// <summary>
/// What a normalization needs of each channel, as arrays of whole vectors: y = (x − Mean)·Scale + Shift, and for the
/// gradient dx = Scale·(dy − MeanGradient − (x − Mean)·Slope).
/// </summary>
internal unsafe struct PixelCoefficients
{
    /// <summary>How many arrays there are.</summary>
    public const int Arrays = 5;

    public float* Mean;

    public float* Scale;

    public float* Shift;

    public float* MeanGradient;

    public float* Slope;

    public bool Relu;

    /// <summary>In memory of <see cref="Arrays"/> times the padded number of channels, in floats; with nothing filled in.</summary>
    public static PixelCoefficients In(float* memory, int paddedChannels, bool relu) => new()
    {
        Mean = memory,
        Scale = memory + paddedChannels,
        Shift = memory + 2 * paddedChannels,
        MeanGradient = memory + 3 * paddedChannels,
        Slope = memory + 4 * paddedChannels,
        Relu = relu,
    };
}
