using TinyFlow.Nvp.Data;

namespace TinyFlow.Cli.Pictures;

/// <summary>Sheets of images, each pixel enlarged to a crisp square, with thin dark gutters between the images.</summary>
internal static class ImageGrid
{
    private const int Gutter = 2, PreferredWidth = 860;
    private const byte GutterLevel = 56;

    /// <summary>The whole factor by which pixels are enlarged so that a sheet becomes about as wide as a page of text.</summary>
    public static int ScaleFor(ImageSet images, int columns) => Math.Max(1, PreferredWidth / Math.Max(1, columns * images.Width));

    /// <summary>Lays images out row by row; places for which there is no image stay empty, images beyond the last place are left out.</summary>
    /// <exception cref="ArgumentException">The images are neither gray nor RGB, or a count is below 1.</exception>
    public static Raster Compose(ImageSet images, int rows, int columns, int scale)
    {
        if (images.Channels is not (1 or 3) || rows < 1 || columns < 1 || scale < 1)
        {
            throw new ArgumentException($"A sheet of {rows} x {columns} images of {images.Channels} channels, enlarged {scale} times, cannot be drawn; gray (1) or RGB (3), and at least 1 of the others are needed.");
        }

        int stepX = images.Width * scale + Gutter, stepY = images.Height * scale + Gutter;
        Raster sheet = Raster.Blank(columns * stepX + Gutter, rows * stepY + Gutter, images.Channels, GutterLevel);
        for (int index = 0; index < Math.Min(images.Count, rows * columns); index++)
        {
            Draw(images, index, sheet, Gutter + index % columns * stepX, Gutter + index / columns * stepY, scale);
        }

        return sheet;
    }

    /// <summary>Writes a sheet as a PNG file.</summary>
    /// <exception cref="IOException">The file cannot be written; the message is a sentence.</exception>
    public static void Save(string path, ImageSet images, int rows, int columns, int? scale = null) =>
        PngFile.Save(path, Compose(images, rows, columns, scale ?? ScaleFor(images, columns)));

    // From [C, H, W] to rows of pixels.
    private static void Draw(ImageSet images, int index, Raster sheet, int left, int top, int scale)
    {
        ReadOnlySpan<byte> image = images.Image(index);
        int plane = images.Height * images.Width;
        for (int y = 0; y < images.Height * scale; y++)
        {
            Span<byte> row = sheet.Row(top + y)[(left * sheet.Channels)..];
            int source = y / scale * images.Width;
            for (int x = 0; x < images.Width * scale; x++)
            {
                for (int channel = 0; channel < sheet.Channels; channel++)
                {
                    row[x * sheet.Channels + channel] = image[channel * plane + source + x / scale];
                }
            }
        }
    }
}
