using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// The filters of a convolution as its kernels see them: tap (r, s) between input channel c and output channel k. For
/// the gradient with respect to the input it is the forward filter turned by half a circle, with the channels' roles
/// exchanged; nothing is copied for that.
/// </summary>
internal readonly unsafe struct FilterView
{
    /// <summary>Taps of a 3x3 filter.</summary>
    public const int Taps = 9;

    private readonly float* _origin;
    private readonly nint _outputStride, _inputStride, _rowStride, _columnStride;

    private FilterView(float* origin, nint outputStride, nint inputStride, nint rowStride, nint columnStride)
    {
        _origin = origin;
        _outputStride = outputStride;
        _inputStride = inputStride;
        _rowStride = rowStride;
        _columnStride = columnStride;
    }

    /// <summary>The distance between neighbouring output channels.</summary>
    public nint OutputStride => _outputStride;

    /// <summary>Weight [K, C, R, S] as it is; the geometry is the forward one.</summary>
    public static FilterView Forward(float* weight, in ConvolutionGeometry forward) => new(
        weight,
        (nint)forward.InputChannels * forward.KernelHeight * forward.KernelWidth,
        (nint)forward.KernelHeight * forward.KernelWidth,
        forward.KernelWidth,
        1);

    /// <summary>Weight [K, C, R, S] turned, for the gradient with respect to the input; the geometry is the forward one.</summary>
    public static FilterView Turned(float* weight, in ConvolutionGeometry forward)
    {
        nint taps = (nint)forward.KernelHeight * forward.KernelWidth;
        return new(weight + taps - 1, taps, forward.InputChannels * taps, -forward.KernelWidth, -1);
    }

    /// <summary>The nine taps of 3x3 filters between so many input channels and so many output channels, to [input][9][width].</summary>
    public void Gather(int output, int outputs, int input, int inputs, float* taps, int width)
    {
        if (_columnStride > 0)
        {
            // All taps of an output lie in a row. What comes next is asked for now: so many rows are more than the processor follows by itself.
            float* from = At(output, input, 0, 0);
            for (int k = 0; k < outputs; k++)
            {
                for (int ahead = inputs * Taps; ahead < 2 * inputs * Taps; ahead += CacheLine.Length)
                {
                    Prefetch.Line(from + k * _outputStride + ahead);
                }
            }

            Transposition.Run(from, _outputStride, taps, width, outputs, inputs * Taps, adds: false);
            return;
        }

        for (int i = 0; i < inputs; i++, taps += Taps * width)
        {
            // A turned filter begins with its last tap.
            Transposition.Run(At(output, input + i, 2, 2), _outputStride, taps + (Taps - 1) * width, -width, outputs, Taps, adds: false);
        }
    }

    /// <summary>The address of a tap.</summary>
    public float* At(int output, int input, int row, int column) =>
        _origin + output * _outputStride + input * _inputStride + row * _rowStride + column * _columnStride;
}
