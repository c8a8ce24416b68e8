using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Pixels;

/// <summary>
/// Instance normalization of images that are held channels last, forward or, given a gradient, backward; one piece an
/// image, whose numbers stay in the core's cache between the passes over it. Without a result, its statistics alone.
/// </summary>
internal readonly unsafe struct PixelInstanceNormWork(ImageStatistics images, float* x, float* dy, float* result, bool adds, float* scratch) : IVectorWork
{
    private readonly ImageStatistics _images = images;
    private readonly float* _x = x, _dy = dy, _result = result, _scratch = scratch;
    private readonly bool _adds = adds;

    /// <summary>What is added to the normalized images, or null.</summary>
    public float* Residual { get; init; }

    /// <summary>Whether a ReLU follows that sum.</summary>
    public bool RectifiesSum { get; init; }

    public void Run<T>(int image, int worker) where T : struct, ILanes<T>
    {
        PixelCoefficients coefficients = _images.Coefficients(image, _scratch, out float* first, out float* second);
        if (_dy is null)
        {
            EachBlock<T>(PixelNormStep.Moments, image, coefficients, first, second);
            _images.SetStatistics(image, first, second);
            if (_result is null)
            {
                return;
            }

            _images.Load(image, coefficients);
            EachBlock<T>(PixelNormStep.Normalize, image, coefficients, first, second);
            if (Residual is not null)
            {
                AddResidual<T>(image);
            }

            return;
        }

        _images.Load(image, coefficients);
        EachBlock<T>(PixelNormStep.GradientSums, image, coefficients, first, second);
        _images.LoadCorrections(coefficients, first, second);
        EachBlock<T>(PixelNormStep.Gradient, image, coefficients, first, second);
    }

    private void AddResidual<T>(int image) where T : struct, ILanes<T>
    {
        nint length = (nint)_images.Pixels * _images.Channels;
        float* y = _result + image * length, residual = Residual + image * length;
        T floor = RectifiesSum ? T.Zero : T.Create(float.NegativeInfinity);
        nint i = 0;
        for (; i + T.Count <= length; i += T.Count)
        {
            T.Store(T.MaxNative(floor, T.Load(y + i) + T.Load(residual + i)), y + i);
        }

        if (i < length)
        {
            T.StorePartial(T.MaxNative(floor, T.Load(y + i) + T.Load(residual + i)), y + i, (int)(length - i));
        }
    }

    private void EachBlock<T>(PixelNormStep step, int image, PixelCoefficients coefficients, float* first, float* second) where T : struct, ILanes<T>
    {
        long start = (long)image * _images.Pixels * _images.Channels;
        PixelBlocks blocks = new(_images.Channels, _images.Pixels, _x + start, _dy is null ? null : _dy + start, _result is null ? null : _result + start, first, second, _adds, coefficients);
        blocks.Run<T>(step);
    }
}
