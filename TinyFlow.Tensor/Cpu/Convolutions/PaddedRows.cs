using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Pixels;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// Hands out the input rows under the kernel, channels last, with their zero padding: pointers into the tensor where
/// nothing has to be padded or normalized, else copies in a ring that keeps each row while the kernel moves down over it (small enough
/// for the first-level cache).
/// </summary>
internal unsafe ref struct PaddedRows<T> where T : struct, ILanes<T>
{
    private readonly ActivationView _input;
    private readonly ConvolutionGeometry _geometry;
    private readonly int _pixelStride;
    private readonly nint _rowLength;
    private readonly float* _zeros;
    private readonly float* _ring;
    private readonly int* _held;
    private readonly bool _inPlace;
    private float* _image;
    private PixelCoefficients _entry;

    /// <summary>Rows whose pixels lie <paramref name="pixelStride"/> apart, at least the number of channels; the rest is zeros.</summary>
    public PaddedRows(ActivationView input, in ConvolutionGeometry geometry, int pixelStride, float* scratch)
    {
        _input = input;
        _geometry = geometry;
        _pixelStride = pixelStride;
        _rowLength = RowLength(geometry, pixelStride);
        _inPlace = input.IsChannelsLast && !input.IsNormalizedOnEntry && pixelStride == geometry.InputChannels && geometry.SpacingX == 1 &&
            geometry.PaddingX <= 0 && geometry.PaddedWidth - geometry.PaddingX <= geometry.InputWidth;
        _zeros = scratch;
        _ring = scratch + _rowLength;
        _held = (int*)(_ring + geometry.KernelHeight * _rowLength);
        new Span<float>(_zeros, checked((int)_rowLength)).Clear();
    }

    /// <summary>The scratch memory that this needs, in floats.</summary>
    public static nint ScratchLength(in ConvolutionGeometry geometry, int pixelStride) =>
        (geometry.KernelHeight + 1) * RowLength(geometry, pixelStride) + Parts.RoundUp(geometry.KernelHeight, 16);

    /// <summary>Moves to an image.</summary>
    public void Start(int image)
    {
        _image = _input.Image(image);
        _entry = _input.EntryOf(image);
        new Span<int>(_held, _geometry.KernelHeight).Fill(int.MinValue);
    }

    /// <summary>The KernelHeight rows under the kernel for an output row.</summary>
    public readonly void Under(int outputRow, float** rows)
    {
        for (int r = 0; r < _geometry.KernelHeight; r++)
        {
            int spaced = outputRow * _geometry.StrideY - _geometry.PaddingY + r, row = spaced / _geometry.SpacingY;
            if (spaced < 0 || row >= _geometry.InputHeight || row * _geometry.SpacingY != spaced)
            {
                rows[r] = _zeros;
                continue;
            }

            float* source = _image + (nint)row * _geometry.InputWidth * _input.PixelStride;
            if (_inPlace)
            {
                rows[r] = source - (nint)_geometry.PaddingX * _pixelStride;
                continue;
            }

            int slot = spaced % _geometry.KernelHeight;
            rows[r] = _ring + slot * _rowLength;
            if (_held[slot] != spaced)
            {
                _held[slot] = spaced;
                CopyRow(source, rows[r]);
            }
        }
    }

    // One vector of slack: kernels read whole vectors.
    private static nint RowLength(in ConvolutionGeometry geometry, int pixelStride) =>
        ((nint)geometry.PaddedWidth * pixelStride + 31) / 16 * 16;

    private readonly void CopyRow(float* source, float* row)
    {
        int channels = _geometry.InputChannels, spacing = _geometry.SpacingX;
        int first = Math.Max(0, _geometry.PaddingX);
        int end = Math.Clamp((_geometry.InputWidth - 1) * spacing + 1 + _geometry.PaddingX, first, Math.Max(first, _geometry.PaddedWidth));
        first = Math.Min(first, _geometry.PaddedWidth);
        end = Math.Min(end, _geometry.PaddedWidth);
        Clear(row, (nint)first * _pixelStride);
        Clear(row + (nint)end * _pixelStride, _rowLength - (nint)end * _pixelStride);
        if (_input.IsNormalizedOnEntry)
        {
            PixelBlocks.Normalize<T>(
                source + (nint)(first - _geometry.PaddingX) * channels, channels, end - first, row + (nint)first * _pixelStride, _pixelStride, _entry);
            for (int position = first; position < end && _pixelStride > channels; position++)
            {
                Clear(row + (nint)position * _pixelStride + channels, _pixelStride - channels);
            }

            return;
        }

        if (spacing == 1 && _input.IsChannelsLast && _pixelStride == channels)
        {
            Copy(source + (nint)(first - _geometry.PaddingX) * channels, row + (nint)first * channels, (nint)(end - first) * channels);
            return;
        }

        if (spacing == 1 && !_input.IsChannelsLast)
        {
            Transposition.Run(
                source + (first - _geometry.PaddingX), _input.ChannelStride, row + (nint)first * _pixelStride, _pixelStride, channels, end - first, adds: false);
            for (int position = first; position < end && _pixelStride > channels; position++)
            {
                Clear(row + (nint)position * _pixelStride + channels, _pixelStride - channels);
            }

            return;
        }

        for (int position = first; position < end; position++)
        {
            int spaced = position - _geometry.PaddingX, x = spaced / spacing;
            float* to = row + (nint)position * _pixelStride;
            if (x * spacing != spaced)
            {
                Clear(to, _pixelStride);
                continue;
            }

            float* from = source + x * _input.PixelStride;
            if (_input.IsChannelsLast)
            {
                Copy(from, to, channels);
            }
            else
            {
                for (int c = 0; c < channels; c++)
                {
                    to[c] = from[c * _input.ChannelStride];
                }
            }

            Clear(to + channels, _pixelStride - channels);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear(float* p, nint count) => Unsafe.InitBlockUnaligned(p, 0, (uint)(count * sizeof(float)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* from, float* to, nint count) => Unsafe.CopyBlockUnaligned(to, from, (uint)(count * sizeof(float)));
}
