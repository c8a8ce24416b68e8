using System.Runtime.CompilerServices;
using TinyFlow.Cpu.Pixels;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// The output tiles of all images in one row, so that bands of any length may be worked on whatever the size of an image.
/// Tiles have 4x4 pixels; where an image's height or width is no multiple of 4, those at its lower or right border have
/// what remains, and no part in the planes that they can do without.
/// <para>
/// They are in the order right border, inside, lower border, corner; each kind image after image. So the tiles that have a
/// part in a plane stand together, whichever plane it is, and a plane's products run over a range of tiles.
/// </para>
/// </summary>
internal readonly struct WinogradTiles
{
    private const int Side = WinogradTile.MostSide, Points = WinogradTile.Points;

    private readonly ConvolutionGeometry _geometry;
    private readonly int _rows, _columns, _lastRows, _lastColumns;
    private readonly int _inside, _lower, _corner;

    public WinogradTiles(in ConvolutionGeometry geometry)
    {
        _geometry = geometry;
        (_rows, _lastRows) = Math.DivRem(geometry.OutputHeight, Side);
        (_columns, _lastColumns) = Math.DivRem(geometry.OutputWidth, Side);
        int right = _lastColumns > 0 ? 1 : 0, lower = _lastRows > 0 ? 1 : 0;
        PerImage = (_rows + lower) * (_columns + right);
        _inside = geometry.Images * _rows * right;
        _lower = _inside + geometry.Images * _rows * _columns;
        _corner = _lower + geometry.Images * _columns * lower;
    }

    /// <summary>Tiles of an image.</summary>
    public int PerImage { get; }

    /// <summary>Tiles of all images.</summary>
    public int Count => _geometry.Images * PerImage;

    /// <summary>Multiplications of an image for a pair of channels: of tiles with their planes.</summary>
    public int MultiplicationsPerImage => Multiplications(_rows, _lastRows) * Multiplications(_columns, _lastColumns);

    /// <summary>Where a tile is.</summary>
    public WinogradTile this[int tile]
    {
        get
        {
            if (tile < _inside)
            {
                (int image, int row) = Math.DivRem(tile, _rows);
                return new(image, row * Side, _columns * Side, Side, _lastColumns);
            }

            if (tile < _lower)
            {
                (int image, int within) = Math.DivRem(tile - _inside, _rows * _columns);
                (int row, int column) = Math.DivRem(within, _columns);
                return new(image, row * Side, column * Side, Side, Side);
            }

            if (tile < _corner)
            {
                (int image, int column) = Math.DivRem(tile - _lower, _columns);
                return new(image, _rows * Side, column * Side, _lastRows, Side);
            }

            return new(tile - _corner, _rows * Side, _columns * Side, _lastRows, _lastColumns);
        }
    }

    /// <summary>The tiles of [first, end) that have a part in a plane; none if its end is not above its start.</summary>
    public (int First, int End) InPlane(int plane, int first, int end)
    {
        (int down, int across) = Math.DivRem(plane, Points);
        bool lower = WinogradTile.Has(_lastRows, down), right = WinogradTile.Has(_lastColumns, across);
        int from = right ? 0 : _inside, to = lower ? (right ? Count : _corner) : _lower;
        return (Math.Max(first, from), Math.Min(end, to));
    }

    /// <summary>How many zeros <see cref="TransformInput"/> may read in place of a row outside an image; whole cache lines.</summary>
    public static int ZerosLength<T>(in ConvolutionGeometry geometry) where T : struct, ILanes<T> =>
        Parts.RoundUp(WinogradTransforms<T>.Window * geometry.InputChannels + T.Count, 16);

    /// <summary>Bᵀ d B of the input under tiles [first, end), channels last, into the planes [6·6][tile][channel], with their tiles <paramref name="tileStride"/> apart.</summary>
    [SkipLocalsInit]
    public unsafe void TransformInput<T>(
        ActivationView input, int first, int end, float* zeros, int paddedChannels, float* planes, nint tileStride, nint planeStride) where T : struct, ILanes<T>
    {
        float** rows = stackalloc float*[Points];
        bool normalizes = input.IsNormalizedOnEntry;
        float* outside = normalizes ? null : zeros;
        int channels = _geometry.InputChannels, width = _geometry.InputWidth, vectors = paddedChannels / T.Count;
        float* memory = stackalloc float[WinogradColumns<T>.Length(vectors) + 16];
        WinogradColumns<T> columns = new(CacheLine.Aligned(memory), vectors);
        WinogradTile last = default;
        for (int index = first; index < end; index++)
        {
            WinogradTile tile = this[index];
            columns.Next(index > first && tile.IsRightOf(last));
            last = tile;
            int y = tile.Y - _geometry.PaddingY, x = tile.X - _geometry.PaddingX, window = tile.Columns + 2;
            float* origin = input.Image(tile.Image);
            PixelCoefficients entry = input.EntryOf(tile.Image);
            for (int i = 0; i < Points; i++)
            {
                rows[i] = (uint)(y + i) < (uint)_geometry.InputHeight ? origin + ((nint)(y + i) * width + x) * channels : outside;
            }

            int firstColumn = Math.Clamp(-x, 0, window), endColumn = Math.Clamp(width - x, firstColumn, window);
            WinogradTransformsBySize<T>.Input(tile.Rows, tile.Columns, normalizes)(
                rows, firstColumn, endColumn, channels, vectors, columns, planes + (index - first) * tileStride, planeStride, &entry);
        }
    }

    /// <summary>A dy Aᵀ of a tile of dy, channels last, from a vector of channels on, into its place in the planes; its pixels are added to sums, per channel.</summary>
    public unsafe void TransformOutputGradient<T>(
        ActivationView dy, int index, int firstVector, int vectors, float* place, nint planeStride, float* sums) where T : struct, ILanes<T>
    {
        WinogradTile tile = this[index];
        int width = _geometry.OutputWidth, channels = _geometry.OutputChannels;
        float* pixel = dy.Image(tile.Image) + ((nint)tile.Y * width + tile.X) * channels + firstVector * T.Count;
        WinogradTransformsBySize<T>.OutputGradient(tile.Rows, tile.Columns)(
            pixel, (nint)width * channels, channels, vectors, place, planeStride, sums + firstVector * T.Count);
    }

    private static int Multiplications(int whole, int last) => whole * Points + (last > 0 ? last + 2 : 0);
}
