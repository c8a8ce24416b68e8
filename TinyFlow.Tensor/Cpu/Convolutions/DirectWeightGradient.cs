using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// The gradients with respect to weight and bias, for any kernel, stride, padding and number of channels: for each
/// output row and kernel row a product [S·C × W']·[W' × K] with the pixels as the inner axis. With a few output
/// channels the roles change: [K × W']·[W' × S·C], so that vectors are full on either side. Rows are summed in chunks
/// that depend on the shape alone; <see cref="WeightGradientSum{T}"/> adds the chunks.
/// </summary>
internal unsafe struct DirectWeightGradient<T> : IWork where T : struct, ILanes<T>
{
    /// <summary>Up to this many output channels vectors run along the inputs.</summary>
    public const int MostThinOutputs = 4;

    private const int MostChunks = 16;

    private readonly ConvolutionGeometry _geometry;
    private readonly ActivationView _x;
    private readonly ActivationView _dy;
    private readonly WeightGradientParts _parts;
    private readonly bool _wantsWeight;
    private readonly bool _wantsBias;
    private readonly float* _scratch;
    private readonly nint _scratchStride;

    /// <summary>The work of a weight gradient; the geometry is the forward one.</summary>
    public DirectWeightGradient(
        in ConvolutionGeometry geometry, ActivationView x, ActivationView dy, WeightGradientParts parts, bool wantsWeight, bool wantsBias, float* scratch)
    {
        _geometry = geometry;
        _x = x;
        _dy = dy;
        _parts = parts;
        _wantsWeight = wantsWeight;
        _wantsBias = wantsBias;
        _scratch = scratch;
        _scratchStride = ScratchLength(geometry);
    }

    /// <summary>Into how many chunks the output rows of all images are cut: more for threads, fewer for memory; by the shape alone.</summary>
    public static int Chunks(in ConvolutionGeometry geometry) => (int)Math.Min(MostChunks, (long)geometry.Images * geometry.OutputHeight);

    /// <summary>Scratch memory of one worker, in floats.</summary>
    public static nint ScratchLength(in ConvolutionGeometry geometry) =>
        PaddedRows<T>.ScratchLength(geometry, geometry.InputChannels) + (nint)geometry.OutputWidth * Parts.RoundUp(geometry.OutputChannels, T.Count);

    /// <inheritdoc/>
    [SkipLocalsInit]
    public readonly void Run(int piece, int worker)
    {
        int height = _geometry.OutputHeight, rowCount = _geometry.Images * height;
        int first = Parts.Start(rowCount, _parts.Chunks, piece), end = Parts.Start(rowCount, _parts.Chunks, piece + 1);
        float* scratch = _scratch + worker * _scratchStride, sums = _parts.Weight(piece), biasSums = _parts.Bias(piece);
        float* staging = scratch + PaddedRows<T>.ScratchLength(_geometry, _geometry.InputChannels);
        float** rows = stackalloc float*[_geometry.KernelHeight];
        PaddedRows<T> padded = new(_x, _geometry, _geometry.InputChannels, scratch);
        new Span<float>(biasSums, _parts.BiasLength).Clear();
        for (int row = first; row < end; row++)
        {
            int image = row / height, y = row % height;
            if (y == 0 || row == first)
            {
                padded.Start(image);
            }

            float* dy = _dy.Image(image) + (nint)y * _geometry.OutputWidth * _dy.PixelStride;
            nint pixelStride = _dy.PixelStride, channelStride = _dy.ChannelStride;
            if (!_parts.IsThin && !_dy.IsChannelsLast)
            {
                Gather(dy, staging);
                dy = staging;
                pixelStride = Parts.RoundUp(_geometry.OutputChannels, T.Count);
                channelStride = 1;
            }

            if (_wantsBias)
            {
                AddBias(dy, pixelStride, channelStride, biasSums);
            }

            if (_wantsWeight)
            {
                padded.Under(y, rows);
                if (_parts.IsThin)
                {
                    AddThin(rows, dy, pixelStride, channelStride, sums, row > first);
                }
                else
                {
                    AddWide(rows, dy, pixelStride, sums, row > first);
                }
            }
        }
    }

    private readonly void AddWide(float** rows, float* dy, nint dyStride, float* sums, bool adds)
    {
        int inputs = _geometry.KernelWidth * _geometry.InputChannels, vectors = _parts.InnerLength / T.Count;
        float* left;
        BlockOperands operands = new()
        {
            Left = &left,
            Segments = 1,
            Steps = _geometry.OutputWidth,
            RowStride = 1,
            StepStride = (nint)_geometry.StrideX * _geometry.InputChannels,
            ColumnStride = dyStride,
            ResultStride = _parts.InnerLength,
            Adds = adds,
        };
        foreach ((int firstVector, int count) in Parts.Of(vectors, BlockProducts<T>.VectorsBeside(Math.Min(inputs, BlockProducts<T>.Rows))))
        {
            operands.Right = dy + firstVector * T.Count;
            for (int r = 0; r < _geometry.KernelHeight; r++)
            {
                foreach ((int j, int length) in Parts.Of(inputs, BlockProducts<T>.Rows))
                {
                    left = rows[r] + j;
                    operands.Result = sums + ((nint)r * inputs + j) * _parts.InnerLength + firstVector * T.Count;
                    BlockProducts<T>.For(length, count)(&operands);
                }
            }
        }
    }

    private readonly void AddThin(float** rows, float* dy, nint pixelStride, nint channelStride, float* sums, bool adds)
    {
        int vectors = _parts.InnerLength / T.Count, mostVectors = BlockProducts<T>.VectorsBeside(_geometry.OutputChannels);
        float* left = dy;
        BlockOperands operands = new()
        {
            Left = &left,
            Segments = 1,
            Steps = _geometry.OutputWidth,
            RowStride = channelStride,
            StepStride = pixelStride,
            ColumnStride = (nint)_geometry.StrideX * _geometry.InputChannels,
            ResultStride = _parts.InnerLength,
            Adds = adds,
        };
        for (int r = 0; r < _geometry.KernelHeight; r++)
        {
            foreach ((int firstVector, int count) in Parts.Of(vectors, mostVectors))
            {
                operands.Right = rows[r] + firstVector * T.Count;
                operands.Result = sums + (nint)r * _geometry.OutputChannels * _parts.InnerLength + firstVector * T.Count;
                BlockProducts<T>.For(_geometry.OutputChannels, count)(&operands);
            }
        }
    }

    // The pixels of a row are added first, then the row to the chunk: short chains keep float32 exact enough.
    private readonly void AddBias(float* dy, nint pixelStride, nint channelStride, float* sums)
    {
        int width = _geometry.OutputWidth;
        if (channelStride == 1)
        {
            // As a product with ones, which loads several vectors of a pixel before it goes on to the next.
            float one = 1;
            float* left = &one;
            BlockOperands operands = new() { Left = &left, Segments = 1, Steps = width, ColumnStride = pixelStride, Adds = true };
            foreach ((int firstVector, int vectors) in Parts.Of(_parts.BiasLength / T.Count, BlockProducts<T>.VectorsBeside(rows: 1)))
            {
                operands.Right = dy + firstVector * T.Count;
                operands.Result = sums + firstVector * T.Count;
                BlockProducts<T>.For(rows: 1, vectors)(&operands);
            }

            return;
        }

        for (int k = 0; k < _geometry.OutputChannels; k++)
        {
            float sum = 0;
            for (int x = 0; x < width; x++)
            {
                sum += dy[k * channelStride + x * pixelStride];
            }

            sums[k] += sum;
        }
    }

    private readonly void Gather(float* dy, float* staging)
    {
        int padded = Parts.RoundUp(_geometry.OutputChannels, T.Count);
        Transposition.Run(dy, _dy.ChannelStride, staging, padded, _geometry.OutputChannels, _geometry.OutputWidth, adds: false);

        for (int x = 0; x < _geometry.OutputWidth; x++)
        {
            new Span<float>(staging + (nint)x * padded + _geometry.OutputChannels, padded - _geometry.OutputChannels).Clear();
        }
    }
}
