using TinyFlow.Cpu.Normalizations;

namespace TinyFlow.Cpu.Pixels;

/// <summary>What an instance normalization of images [N, C, H, W] that are held channels last knows of each image.</summary>
internal readonly unsafe struct ImageStatistics(Shape shape, BatchNormParameters parameters)
{
    private const int Arrays = PixelCoefficients.Arrays + 2;

    private readonly BatchNormParameters _parameters = parameters;
    private readonly int _padded = PixelChunks.Padded(shape[1]);

    public int Channels { get; } = shape[1];

    public int Pixels { get; } = shape[2] * shape[3];

    /// <summary>In elements.</summary>
    public long ScratchPerImage => (long)Arrays * _padded;

    /// <summary>An image's coefficients, in its part of the scratch memory, and the two arrays for sums behind them.</summary>
    public PixelCoefficients Coefficients(int image, float* scratch, out float* first, out float* second)
    {
        float* arrays = scratch + image * ScratchPerImage;
        first = arrays + PixelCoefficients.Arrays * _padded;
        second = first + _padded;
        return PixelCoefficients.In(arrays, _padded, _parameters.Settings.Activation == Activation.Relu);
    }

    /// <summary>Keeps the statistics that the first pass found, as means and sums of squared distances.</summary>
    public void SetStatistics(int image, float* means, float* squares)
    {
        for (int c = 0; c < Channels; c++)
        {
            _parameters.SetStatistics(image * Channels + c, new Moments(Pixels, means[c], squares[c]));
        }
    }

    /// <summary>Fills in mean, scale and shift.</summary>
    public void Load(int image, PixelCoefficients coefficients)
    {
        for (int c = 0; c < Channels; c++)
        {
            ChannelCoefficients channel = _parameters.Coefficients(image * Channels + c);
            (coefficients.Mean[c], coefficients.Scale[c], coefficients.Shift[c]) = (channel.Mean, channel.Scale, channel.Shift);
        }
    }

    /// <summary>Fills in what comes back through mean and variance, from Σ dy and Σ dy·(x − mean).</summary>
    public void LoadCorrections(PixelCoefficients coefficients, float* sums, float* products)
    {
        for (int c = 0; c < Channels; c++)
        {
            double inverse = coefficients.Scale[c];
            coefficients.MeanGradient[c] = sums[c] / Pixels;
            coefficients.Slope[c] = (float)(products[c] / (double)Pixels * inverse * inverse);
        }
    }
}
