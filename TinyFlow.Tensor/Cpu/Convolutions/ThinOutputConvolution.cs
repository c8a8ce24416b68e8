using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// Convolution to a few output channels: they would fill a small part of a vector, so the vectors run along the inputs
/// of a kernel row instead and are added up across at the end. The gradient with respect to a thin input is such a
/// convolution too.
/// </summary>
internal unsafe struct ThinOutputConvolution<T> : IWork where T : struct, ILanes<T>
{
    private readonly ConvolutionGeometry _geometry;
    private readonly ActivationView _input;
    private readonly ActivationView _output;
    private readonly bool _adds;
    private readonly float* _filters;
    private readonly float* _bias;
    private readonly float* _scratch;
    private readonly nint _scratchStride;
    private readonly int _bands;

    /// <summary>The work of a convolution; <paramref name="filters"/> from <see cref="Pack"/>, bias or null.</summary>
    public ThinOutputConvolution(
        in ConvolutionGeometry geometry, ActivationView input, float* filters, float* bias, ActivationView output, bool adds,
        float* scratch, int bands)
    {
        _geometry = geometry;
        _input = input;
        _filters = filters;
        _bias = bias;
        _output = output;
        _adds = adds;
        _scratch = scratch;
        _scratchStride = ScratchLength(geometry);
        _bands = bands;
    }

    /// <summary>Images times bands.</summary>
    public readonly int Pieces => _geometry.Images * _bands;

    /// <summary>Scratch memory of one worker, in floats.</summary>
    public static nint ScratchLength(in ConvolutionGeometry geometry) => PaddedRows<T>.ScratchLength(geometry, PaddedInputs(geometry));

    /// <summary>The length of packed filters, in floats.</summary>
    public static nint FilterLength(in ConvolutionGeometry geometry) => geometry.OutputChannels * FilterStride(geometry);

    /// <summary>Lays filters out as [K, R, S, C], the channels rounded up to whole vectors.</summary>
    public static void Pack(in ConvolutionGeometry geometry, FilterView filters, float* packed)
    {
        int paddedInputs = PaddedInputs(geometry);
        for (int k = 0; k < geometry.OutputChannels; k++)
        {
            for (int r = 0; r < geometry.KernelHeight; r++)
            {
                for (int s = 0; s < geometry.KernelWidth; s++, packed += paddedInputs)
                {
                    for (int c = 0; c < paddedInputs; c++)
                    {
                        packed[c] = c < geometry.InputChannels ? *filters.At(k, c, r, s) : 0;
                    }
                }
            }
        }
    }

    /// <inheritdoc/>
    [SkipLocalsInit]
    public readonly void Run(int piece, int worker)
    {
        int image = piece / _bands, band = piece % _bands, width = _geometry.OutputWidth;
        int paddedInputs = PaddedInputs(_geometry), vectors = _geometry.KernelWidth * paddedInputs / T.Count;
        nint pixelStride = (nint)_geometry.StrideX * paddedInputs, filterStride = FilterStride(_geometry);
        float** rows = stackalloc float*[_geometry.KernelHeight];
        float* sums = stackalloc float[12];
        PaddedRows<T> padded = new(_input, _geometry, paddedInputs, _scratch + worker * _scratchStride);
        padded.Start(image);
        for (int y = Parts.Start(_geometry.OutputHeight, _bands, band); y < Parts.Start(_geometry.OutputHeight, _bands, band + 1); y++)
        {
            padded.Under(y, rows);
            float* to = _output.Image(image) + (nint)y * width * _output.PixelStride;
            foreach ((int x, int pixels) in Parts.Of(width, 6))
            {
                for (int k = 0; k < _geometry.OutputChannels; k += 2)
                {
                    int outputs = Math.Min(2, _geometry.OutputChannels - k);
                    ThinProduct<T>.Run(
                        rows, _geometry.KernelHeight, x * pixelStride, pixelStride, vectors, _filters + k * filterStride, filterStride, pixels, outputs, sums);
                    for (int output = 0; output < outputs; output++)
                    {
                        float bias = _bias is null ? 0 : _bias[k + output];
                        float* target = to + (k + output) * _output.ChannelStride + x * _output.PixelStride;
                        for (int pixel = 0; pixel < pixels; pixel++, target += _output.PixelStride)
                        {
                            float value = sums[2 * pixel + output] + bias;
                            *target = _adds ? *target + value : value;
                        }
                    }
                }
            }
        }
    }

    private static int PaddedInputs(in ConvolutionGeometry geometry) => Parts.RoundUp(geometry.InputChannels, T.Count);

    private static nint FilterStride(in ConvolutionGeometry geometry) =>
        (nint)geometry.KernelHeight * geometry.KernelWidth * PaddedInputs(geometry);
}
