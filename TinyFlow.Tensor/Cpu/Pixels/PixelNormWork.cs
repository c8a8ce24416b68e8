using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Pixels;

/// <summary>What a piece does with its chunk of pixels.</summary>
internal enum PixelNormStep
{
    /// <summary>Each channel's mean and squared distances go to the two results.</summary>
    Moments,

    /// <summary>y from x.</summary>
    Normalize,

    /// <summary>Each channel's Σ dy and Σ dy·(x − mean) go to the two results.</summary>
    GradientSums,

    /// <summary>dx from x and dy.</summary>
    Gradient,
}

/// <summary>The steps of a normalization of images that are held channels last; one piece a chunk.</summary>
internal readonly unsafe struct PixelNormWork(
    PixelNormStep step, PixelChunks chunks, float* x, float* dy, float* result, float* second, bool adds, PixelCoefficients coefficients) : IVectorWork
{
    private readonly PixelNormStep _step = step;
    private readonly PixelChunks _chunks = chunks;
    private readonly float* _x = x, _dy = dy, _result = result, _second = second;
    private readonly bool _adds = adds;
    private readonly PixelCoefficients _coefficients = coefficients;

    public void Run<T>(int piece, int worker) where T : struct, ILanes<T>
    {
        int vectors = Parts.Count(_chunks.Channels, T.Count), vector = 0;
        for (; vector + 4 <= vectors && (vector + 4) * T.Count <= _chunks.Channels; vector += 4)
        {
            Block<T, Four>(piece, vector * T.Count);
        }

        for (; vector < vectors; vector++)
        {
            Block<T, One>(piece, vector * T.Count);
        }
    }

    private void Block<T, TVectors>(int chunk, int channel)
        where T : struct, ILanes<T>
        where TVectors : struct, INumberOf
    {
        long first = _chunks.Start(chunk);
        int pixels = (int)(_chunks.Start(chunk + 1) - first), stride = _chunks.Channels, lanes = Math.Min(T.Count, stride - channel);
        long place = first * stride + channel, sums = (long)chunk * _chunks.PaddedChannels + channel;
        switch (_step)
        {
            case PixelNormStep.Moments:
                PixelLoops<T, TVectors>.Moments(_x + place, stride, pixels, _result + sums, _second + sums);
                break;
            case PixelNormStep.Normalize:
                PixelLoops<T, TVectors>.Normalize(_x + place, _result + place, stride, pixels, lanes, _coefficients, channel);
                break;
            case PixelNormStep.GradientSums:
                PixelLoops<T, TVectors>.GradientSums(_x + place, _dy + place, stride, pixels, _coefficients, channel, _result + sums, _second + sums);
                break;
            default:
                PixelLoops<T, TVectors>.Gradient(_x + place, _dy + place, _result + place, stride, pixels, lanes, _coefficients, channel, _adds);
                break;
        }
    }
}
