namespace TinyFlow.Cpu.Pixels;

/// <summary>
/// What a normalization needs of each channel, as arrays of whole vectors: y = (x − Mean)·Scale + Shift, and for the
/// gradient dx = Scale·(dy − MeanGradient − (x − Mean)·Slope).
/// </summary>
internal unsafe struct PixelCoefficients
{
    public float* Mean;

    public float* Scale;

    public float* Shift;

    public float* MeanGradient;

    public float* Slope;

    public bool Relu;
}
