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

    public void Run<T>(int chunk, int worker) where T : struct, ILanes<T>
    {
        long first = _chunks.Start(chunk), place = first * _chunks.Channels, sums = (long)chunk * _chunks.PaddedChannels;
        int pixels = (int)(_chunks.Start(chunk + 1) - first);
        bool toSums = _step == PixelNormStep.GradientSums;
        PixelBlocks blocks = new(
            _chunks.Channels, pixels, _x + place, _dy + place, toSums ? null : _result + place, toSums ? _result + sums : null, toSums ? _second + sums : null, _adds, _coefficients);
        blocks.Run<T>(_step);
    }
}
