using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Pixels;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// Convolution by any kernel, stride, padding and number of channels. Channels last, the S·C inputs of a kernel row
/// lie side by side, so an output row is a sum of R plain products [W' × S·C]·[S·C × K] whose left rows overlap in
/// memory: what im2col would copy is there already.
/// </summary>
internal unsafe struct DirectConvolution<T> : IWork where T : struct, ILanes<T>
{
    private const int MostTapsToFetch = 48, MostRowToFetch = 1 << 12;

    private readonly ConvolutionGeometry _geometry;
    private readonly ActivationView _input;
    private readonly ActivationView _output;
    private readonly bool _adds;
    private readonly float* _filters;
    private readonly float* _bias;
    private readonly float* _scratch;
    private readonly nint _scratchStride;
    private readonly int _bands;

    /// <summary>
    /// The work of a convolution; <paramref name="filters"/> from <see cref="Pack"/>, bias of whole vectors or null.
    /// The bands of rows that an image is cut into may be chosen freely.
    /// </summary>
    public DirectConvolution(
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
    public static nint ScratchLength(in ConvolutionGeometry geometry) =>
        PaddedRows<T>.ScratchLength(geometry, geometry.InputChannels) + (nint)geometry.OutputWidth * PaddedOutputs(geometry);

    /// <summary>The length of packed filters, in floats.</summary>
    public static nint FilterLength(in ConvolutionGeometry geometry) =>
        (nint)geometry.KernelHeight * geometry.KernelWidth * geometry.InputChannels * PaddedOutputs(geometry);

    /// <summary>Output channels rounded up to whole vectors.</summary>
    public static int PaddedOutputs(in ConvolutionGeometry geometry) => Parts.RoundUp(geometry.OutputChannels, T.Count);

    /// <summary>How many rows a band must not part: those of a chunk, if their moments are taken.</summary>
    public static int RowsAtOnce(ActivationView output) => output.IsMeasured ? PixelChunks.Rows : 1;

    /// <summary>Lays filters out as the kernels read them: by block of output channels, then [R, S, C, channels of the block].</summary>
    public static void Pack(in ConvolutionGeometry geometry, FilterView filters, float* packed)
    {
        foreach ((int firstVector, int vectors) in Parts.Of(PaddedOutputs(geometry) / T.Count, BlockProducts<T>.Vectors))
        {
            int first = firstVector * T.Count, end = first + vectors * T.Count, present = Math.Min(end, geometry.OutputChannels) - first;
            for (int r = 0; r < geometry.KernelHeight; r++)
            {
                for (int s = 0; s < geometry.KernelWidth; s++)
                {
                    for (int c = 0; c < geometry.InputChannels; c++, packed += end - first)
                    {
                        float* tap = filters.At(first, c, r, s);
                        for (int k = 0; k < present; k++)
                        {
                            packed[k] = tap[k * filters.OutputStride];
                        }

                        new Span<float>(packed + present, end - first - present).Clear();
                    }
                }
            }
        }
    }

    /// <inheritdoc/>
    [SkipLocalsInit]
    public readonly void Run(int piece, int worker)
    {
        int image = piece / _bands, band = piece % _bands;
        float* scratch = _scratch + worker * _scratchStride;
        float** rows = stackalloc float*[_geometry.KernelHeight];
        PaddedRows<T> padded = new(_input, _geometry, _geometry.InputChannels, scratch);
        float* staging = scratch + PaddedRows<T>.ScratchLength(_geometry, _geometry.InputChannels);
        padded.Start(image);
        int paddedOutputs = PaddedOutputs(_geometry), width = _geometry.OutputWidth;
        bool direct = _output.IsChannelsLast && paddedOutputs == _geometry.OutputChannels;
        int rowsAtOnce = RowsAtOnce(_output), runs = _geometry.OutputHeight / rowsAtOnce;
        for (int y = Parts.Start(runs, _bands, band) * rowsAtOnce; y < Parts.Start(runs, _bands, band + 1) * rowsAtOnce; y++)
        {
            padded.Under(y, rows);
            float* to = _output.Image(image) + (nint)y * width * _output.PixelStride;
            if (direct)
            {
                Row(rows, to, paddedOutputs, _adds);
            }
            else
            {
                Row(rows, staging, paddedOutputs, false);
                Scatter(staging, paddedOutputs, to);
            }

            if (_output.IsMeasured && (y + 1) % rowsAtOnce == 0)
            {
                _output.Moments.TakeMoments<T>(_output.Data, (image * _geometry.OutputHeight + y) / rowsAtOnce, firstChannel: 0, paddedOutputs / T.Count);
            }
        }
    }

    private readonly void Row(float** rows, float* to, int outputs, bool adds)
    {
        int taps = _geometry.KernelWidth * _geometry.InputChannels;

        // From a few channels a block takes less time than the memory for its result takes to answer: asked for a row before.
        bool fetches = _geometry.KernelHeight * taps <= MostTapsToFetch && _geometry.OutputWidth * outputs <= MostRowToFetch;
        float** left = stackalloc float*[_geometry.KernelHeight];
        nint pixelStride = (nint)_geometry.StrideX * _geometry.InputChannels;
        BlockOperands operands = new()
        {
            Left = left,
            Segments = _geometry.KernelHeight,
            Steps = taps,
            RowStride = pixelStride,
            StepStride = 1,
            Right = _filters,
            ResultStride = outputs,
            Adds = adds,
        };
        foreach ((int first, int count) in Parts.Of(outputs / T.Count, BlockProducts<T>.Vectors))
        {
            operands.ColumnStride = count * T.Count;
            operands.Start = _bias is null ? null : _bias + first * T.Count;
            foreach ((int x, int pixels) in Parts.Of(_geometry.OutputWidth, BlockProducts<T>.Rows))
            {
                for (int r = 0; r < _geometry.KernelHeight; r++)
                {
                    left[r] = rows[r] + x * pixelStride;
                }

                operands.Result = to + (nint)x * outputs + first * T.Count;
                for (int pixel = 0; fetches && pixel < pixels; pixel++)
                {
                    Prefetch.Line(operands.Result + (nint)(_geometry.OutputWidth + pixel) * outputs);
                }

                BlockProducts<T>.For(pixels, count)(&operands);
            }

            operands.Right += (nint)_geometry.KernelHeight * taps * count * T.Count;
        }
    }

    private readonly void Scatter(float* from, int stride, float* to)
    {
        if (_output.ChannelStride == 1)
        {
            for (int x = 0; x < _geometry.OutputWidth; x++, from += stride, to += _output.PixelStride)
            {
                ChannelRun<T>.Put(from, to, _geometry.OutputChannels, _adds);
            }

            return;
        }

        Transposition.Run(from, stride, to, _output.ChannelStride, _geometry.OutputWidth, _geometry.OutputChannels, _adds);
    }
}
