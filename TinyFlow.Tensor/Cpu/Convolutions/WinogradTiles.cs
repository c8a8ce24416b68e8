using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// The 4x4 output tiles of all images in one row, image after image, so that bands of any length may be worked on
/// whatever the size of an image. Tiles at the lower and right border may reach beyond the image.
/// </summary>
internal readonly struct WinogradTiles
{
    private readonly ConvolutionGeometry _geometry;

    public WinogradTiles(in ConvolutionGeometry geometry)
    {
        _geometry = geometry;
        Rows = Parts.Count(geometry.OutputHeight, 4);
        Columns = Parts.Count(geometry.OutputWidth, 4);
    }

    public int Rows { get; }

    public int Columns { get; }

    public int PerImage => Rows * Columns;

    public int Count => _geometry.Images * PerImage;

    /// <summary>The image of a tile and the first output pixel of it.</summary>
    public void Locate(int tile, out int image, out int y, out int x)
    {
        image = tile / PerImage;
        int within = tile - image * PerImage;
        y = within / Columns * 4;
        x = within % Columns * 4;
    }

    /// <summary>Bᵀ d B of the input under tiles [first, end), channels last, into the planes [6·6][tile][channel], with their tiles <paramref name="tileStride"/> apart.</summary>
    public unsafe void TransformInput<T>(
        ActivationView input, int first, int end, float* zeros, int paddedChannels, float* planes, nint tileStride, nint planeStride) where T : struct, ILanes<T>
    {
        float** rows = stackalloc float*[6];
        int channels = _geometry.InputChannels, width = _geometry.InputWidth;
        for (int tile = first; tile < end; tile++)
        {
            Locate(tile, out int image, out int y, out int x);
            y -= _geometry.PaddingY;
            x -= _geometry.PaddingX;
            float* origin = input.Image(image);
            for (int i = 0; i < 6; i++)
            {
                rows[i] = (uint)(y + i) < (uint)_geometry.InputHeight ? origin + ((nint)(y + i) * width + x) * channels : zeros;
            }

            int firstColumn = Math.Clamp(-x, 0, 6), endColumn = Math.Clamp(width - x, firstColumn, 6);
            WinogradTransforms<T>.Input(
                rows, firstColumn, endColumn, channels, paddedChannels / T.Count, planes + (tile - first) * tileStride, planeStride);
        }
    }
}
