using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Pixels;

/// <summary>
/// Instance normalization of images that are held channels last, forward or, given a gradient, backward; one piece an
/// image, whose numbers stay in the core's cache between the passes over it.
/// </summary>
internal readonly unsafe struct PixelInstanceNormWork(ImageStatistics images, float* x, float* dy, float* result, bool adds, float* scratch) : IVectorWork
{
    private readonly ImageStatistics _images = images;
    private readonly float* _x = x, _dy = dy, _result = result, _scratch = scratch;
    private readonly bool _adds = adds;

    public void Run<T>(int image, int worker) where T : struct, ILanes<T>
    {
        PixelCoefficients coefficients = _images.Coefficients(image, _scratch, out float* first, out float* second);
        if (_dy is null)
        {
            EachBlock<T>(PixelNormStep.Moments, image, coefficients, first, second);
            _images.SetStatistics(image, first, second);
            _images.Load(image, coefficients);
            EachBlock<T>(PixelNormStep.Normalize, image, coefficients, first, second);
            return;
        }

        _images.Load(image, coefficients);
        EachBlock<T>(PixelNormStep.GradientSums, image, coefficients, first, second);
        _images.LoadCorrections(coefficients, first, second);
        EachBlock<T>(PixelNormStep.Gradient, image, coefficients, first, second);
    }

    private void EachBlock<T>(PixelNormStep step, int image, PixelCoefficients coefficients, float* first, float* second) where T : struct, ILanes<T>
    {
        long start = (long)image * _images.Pixels * _images.Channels;
        PixelBlocks blocks = new(_images.Channels, _images.Pixels, _x + start, _dy is null ? null : _dy + start, _result + start, first, second, _adds, coefficients);
        blocks.Run<T>(step);
    }
}
