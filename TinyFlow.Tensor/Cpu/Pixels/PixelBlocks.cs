using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Pixels;

/// <summary>A run of pixels, in blocks of as many vectors of channels as registers hold the sums of.</summary>
internal readonly unsafe ref struct PixelBlocks(
    int channels, int pixels, float* x, float* dy, float* result, float* first, float* second, bool adds, PixelCoefficients coefficients)
{
    private readonly float* _x = x, _dy = dy, _result = result, _first = first, _second = second;
    private readonly PixelCoefficients _coefficients = coefficients;

    /// <summary>Normalizes a row of pixels on its way to another place, where pixels lie <paramref name="toStride"/> apart.</summary>
    public static void Normalize<T>(float* from, int channels, int pixels, float* to, nint toStride, in PixelCoefficients coefficients) where T : struct, ILanes<T>
    {
        int channel = 0;
        for (; channel + 4 * T.Count <= channels; channel += 4 * T.Count)
        {
            PixelLoops<T, Four>.Normalize(from + channel, channels, to + channel, toStride, pixels, T.Count, coefficients, channel);
        }

        for (; channel < channels; channel += T.Count)
        {
            PixelLoops<T, One>.Normalize(from + channel, channels, to + channel, toStride, pixels, Math.Min(T.Count, channels - channel), coefficients, channel);
        }
    }

    /// <summary>One step for all channels; sums per channel go to the arrays first and second.</summary>
    public void Run<T>(PixelNormStep step) where T : struct, ILanes<T>
    {
        int vectors = Parts.Count(channels, T.Count), vector = 0;
        for (; vector + 4 <= vectors && (vector + 4) * T.Count <= channels; vector += 4)
        {
            Block<T, Four>(step, vector * T.Count);
        }

        for (; vector < vectors; vector++)
        {
            Block<T, One>(step, vector * T.Count);
        }
    }

    private void Block<T, TVectors>(PixelNormStep step, int channel)
        where T : struct, ILanes<T>
        where TVectors : struct, INumberOf
    {
        int lanes = Math.Min(T.Count, channels - channel);
        switch (step)
        {
            case PixelNormStep.Moments:
                PixelLoops<T, TVectors>.Moments(_x + channel, channels, pixels, _first + channel, _second + channel);
                break;
            case PixelNormStep.Normalize:
                PixelLoops<T, TVectors>.Normalize(_x + channel, channels, _result + channel, channels, pixels, lanes, _coefficients, channel);
                break;
            case PixelNormStep.GradientSums:
                PixelLoops<T, TVectors>.GradientSums(_x + channel, _dy + channel, channels, pixels, _coefficients, channel, _first + channel, _second + channel);
                break;
            default:
                PixelLoops<T, TVectors>.Gradient(_x + channel, _dy + channel, _result + channel, channels, pixels, lanes, _coefficients, channel, adds);
                break;
        }
    }
}
