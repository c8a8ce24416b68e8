using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Threads;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// 3x3 convolution with stride 1 by F(4x4, 3x3), at borders with smaller tiles. Work goes in bands of tiles: transform the input of a band, 36 products
/// [tiles × C]·[C × block of K], transform back; a band's planes and the filters stay in the second-level cache.
/// A tile's result depends on its own input alone, never on the band that it is in.
/// </summary>
internal unsafe struct WinogradConvolution<T> : IWork where T : struct, ILanes<T>
{
    // Planes end on an odd multiple of a cache line, so that the 36 of them do not fall into the same cache sets.
    private const int PlanePadding = 16;

    private readonly ConvolutionGeometry _geometry;
    private readonly WinogradTiles _tiles;
    private readonly ActivationView _input;
    private readonly ActivationView _output;
    private readonly bool _adds;
    private readonly float* _filters;
    private readonly float* _bias;
    private readonly float* _scratch;
    private readonly nint _scratchStride;

    // How many neighbouring tiles a band must not part.
    private readonly int _tilesAtOnce;

    /// <summary>The work; input channels last, <paramref name="filters"/> from <see cref="WinogradFilters{T}"/>, bias of whole vectors or null.</summary>
    public WinogradConvolution(
        in ConvolutionGeometry geometry, ActivationView input, float* filters, float* bias, ActivationView output, bool adds, float* scratch, int workers)
    {
        _geometry = geometry;
        _tiles = new WinogradTiles(geometry);
        _input = input;
        _filters = filters;
        _bias = bias;
        _output = output;
        _adds = adds;
        _scratch = scratch;
        _scratchStride = ScratchLength(geometry, output);
        _tilesAtOnce = TilesAtOnce(geometry, output);
        Pieces = Parts.RoundUp(Parts.Count(_tiles.Count / _tilesAtOnce, BandTiles(geometry, _tilesAtOnce) / _tilesAtOnce), workers);
    }

    // What the planes of a band may take of a second-level cache, beside the filters: of 1 MB or more where vectors have 512
    // bits, else of 512 KB.
    private static int BandBytes => T.Count == 16 ? 448 << 10 : 256 << 10;

    /// <summary>The number of bands.</summary>
    public int Pieces { get; }

    /// <summary>Whether a band has room for all tiles of four rows.</summary>
    public static bool CompletesRows(in ConvolutionGeometry geometry) => geometry.OutputWidth / WinogradTile.MostSide <= BandTiles(geometry, tilesAtOnce: 1);

    /// <summary>Scratch memory of one worker, in floats.</summary>
    public static nint ScratchLength(in ConvolutionGeometry geometry, ActivationView output)
    {
        int tiles = BandTiles(geometry, TilesAtOnce(geometry, output));
        return WinogradTiles.ZerosLength<T>(geometry) + WinogradTransforms<T>.Planes * InputPlane(geometry, tiles) + ProductsLength(tiles);
    }

    /// <summary>What the products of so many tiles with a block of filters take, in floats, and a tile of results behind them.</summary>
    public static nint ProductsLength(int tiles) => WinogradTransforms<T>.Planes * OutputPlane(tiles) + 16 * T.Count;

    /// <summary>The distance between planes of the transformed input of so many tiles.</summary>
    public static nint InputPlane(in ConvolutionGeometry geometry, int tiles) =>
        (nint)tiles * Parts.RoundUp(geometry.InputChannels, T.Count) + PlanePadding;

    /// <summary>The distance between planes of their products with a block of filters.</summary>
    public static nint OutputPlane(int tiles) => (nint)tiles * BlockProducts<T>.Vectors * T.Count + PlanePadding;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public readonly void Run(int piece, int worker)
    {
        int runs = _tiles.Count / _tilesAtOnce;
        int first = Parts.Start(runs, Pieces, piece) * _tilesAtOnce, end = Parts.Start(runs, Pieces, piece + 1) * _tilesAtOnce;
        int bandTiles = BandTiles(_geometry, _tilesAtOnce), paddedInputs = Parts.RoundUp(_geometry.InputChannels, T.Count);
        float* zeros = _scratch + worker * _scratchStride, inputs = zeros + WinogradTiles.ZerosLength<T>(_geometry);
        nint inputPlane = InputPlane(_geometry, bandTiles);
        float* products = inputs + WinogradTransforms<T>.Planes * inputPlane;
        new Span<float>(zeros, WinogradTiles.ZerosLength<T>(_geometry)).Clear();
        _tiles.TransformInput<T>(_input, first, end, zeros, paddedInputs, inputs, paddedInputs, inputPlane);
        for (int block = 0; block < WinogradFilters<T>.Blocks(_geometry); block++)
        {
            (int firstVector, int vectors) = WinogradFilters<T>.VectorsOf(_geometry, block);
            RunBlock(firstVector, vectors, inputs, inputPlane, _filters + WinogradFilters<T>.Offset(_geometry, block), products, OutputPlane(bandTiles), first, end);
        }
    }

    /// <summary>A block of vectors of output channels for tiles [first, end), whose transformed input and filters are there.</summary>
    public readonly void RunBlock(
        int firstVector, int vectors, float* inputs, nint inputPlane, float* filters, float* products, nint outputPlane, int first, int end)
    {
        Multiply(inputs, inputPlane, Parts.RoundUp(_geometry.InputChannels, T.Count), filters, products, outputPlane, first, end, vectors);
        TransformBack(products, outputPlane, products + WinogradTransforms<T>.Planes * outputPlane, first, end, firstVector, vectors);
    }

    // Those of four rows, if their moments are taken.
    private static int TilesAtOnce(in ConvolutionGeometry geometry, ActivationView output) => output.IsMeasured ? geometry.OutputWidth / WinogradTile.MostSide : 1;

    // In whole blocks of a product, or else in whole rows of tiles, which a band may have less of than it has room for.
    private static int BandTiles(in ConvolutionGeometry geometry, int tilesAtOnce)
    {
        const int Least = 2 * BlockProducts<T>.Rows, Most = 16 * BlockProducts<T>.Rows;
        int perTile = WinogradTransforms<T>.Planes * sizeof(float) *
            (Parts.RoundUp(geometry.InputChannels, T.Count) + BlockProducts<T>.Vectors * T.Count);
        int unit = tilesAtOnce > 1 ? tilesAtOnce : BlockProducts<T>.Rows;
        int room = Math.Clamp(BandBytes / perTile, Least, Most);
        return Math.Max(1, room / unit) * unit;
    }

    private readonly void Multiply(
        float* inputs, nint inputPlane, int paddedInputs, float* filters, float* products, nint outputPlane, int first, int end, int vectors)
    {
        int columns = vectors * T.Count;
        float* left;
        BlockOperands operands = new()
        {
            Left = &left,
            Segments = 1,
            Steps = _geometry.InputChannels,
            RowStride = paddedInputs,
            StepStride = 1,
            ColumnStride = columns,
            ResultStride = columns,
        };
        for (int plane = 0; plane < WinogradTransforms<T>.Planes; plane++)
        {
            operands.Right = filters + plane * WinogradFilters<T>.Plane(_geometry, columns);
            (int planeFirst, int planeEnd) = _tiles.InPlane(plane, first, end);
            foreach ((int start, int rows) in Parts.Of(Math.Max(0, planeEnd - planeFirst), BlockProducts<T>.Rows))
            {
                int tile = planeFirst - first + start;
                left = inputs + plane * inputPlane + (nint)tile * paddedInputs;
                operands.Result = products + plane * outputPlane + (nint)tile * columns;
                BlockProducts<T>.For(rows, vectors)(&operands);
            }
        }
    }

    private readonly void TransformBack(float* products, nint outputPlane, float* staging, int first, int end, int firstVector, int vectors)
    {
        int width = _geometry.OutputWidth, columns = vectors * T.Count;
        for (int index = first; index < end; index++)
        {
            WinogradTile tile = _tiles[index];
            delegate*<float*, nint, float*, float*, nint, nint, bool, void> transform = WinogradTransformsBySize<T>.Output(tile.Rows, tile.Columns);
            float* to = _output.Image(tile.Image) + ((nint)tile.Y * width + tile.X) * _output.PixelStride;
            for (int vector = 0; vector < vectors; vector++)
            {
                int channel = (firstVector + vector) * T.Count, present = Math.Min(T.Count, _geometry.OutputChannels - channel);
                float* from = products + (nint)(index - first) * columns + vector * T.Count, bias = _bias is null ? null : _bias + channel;
                if (_output.ChannelStride == 1 && present == T.Count)
                {
                    transform(from, outputPlane, bias, to + channel, width * _output.PixelStride, _output.PixelStride, _adds);
                    continue;
                }

                transform(from, outputPlane, bias, staging, 4 * T.Count, T.Count, false);
                Scatter(staging, to + channel * _output.ChannelStride, tile.Rows, tile.Columns, present);
            }

            if (_output.IsMeasured && (index + 1) % _tilesAtOnce == 0)
            {
                // Four rows are complete, and in a near cache.
                _output.Moments.TakeMoments<T>(_output.Data, index / _tilesAtOnce, firstVector * T.Count, vectors);
            }
        }
    }

    private readonly void Scatter(float* staging, float* to, int rows, int columns, int channels)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                float* from = staging + (row * 4 + column) * T.Count;
                float* pixel = to + ((nint)row * _geometry.OutputWidth + column) * _output.PixelStride;
                if (_output.ChannelStride == 1)
                {
                    ChannelRun<T>.Put(from, pixel, channels, _adds);
                    continue;
                }

                for (int k = 0; k < channels; k++, pixel += _output.ChannelStride)
                {
                    *pixel = _adds ? *pixel + from[k] : from[k];
                }
            }
        }
    }
}
