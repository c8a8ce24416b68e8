using SkiaSharp;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;

namespace TinyFlow.Cli.Pictures;

/// <summary>A row of real images above a row of generated ones, each with its name.</summary>
internal static class ComparisonPicture
{
    private const int Margin = 16, LabelWidth = 104, RowGap = 10, FontSize = 16;

    private static readonly SKColor Ink = new(40, 40, 40);

    /// <summary>Writes the picture as a PNG file, with as many columns as there are real images.</summary>
    /// <exception cref="IOException">The file cannot be written; the message is a sentence.</exception>
    public static void Save(string path, ImageSet real, ImageSet generated)
    {
        int scale = ImageGrid.ScaleFor(real, real.Count);
        Raster[] rows = [ImageGrid.Compose(real, 1, real.Count, scale), ImageGrid.Compose(generated, 1, real.Count, scale)];
        string[] labels = ["Real", "Generated"];

        int rowStep = rows[0].Height + RowGap;
        using SKSurface surface = SKSurface.Create(new SKImageInfo(LabelWidth + rows[0].Width + 2 * Margin, 2 * rowStep - RowGap + 2 * Margin, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using SKPaint ink = new() { Color = Ink, IsAntialias = true };
        using SKFont font = new(PictureFont.Typeface, FontSize);
        SKCanvas canvas = surface.Canvas;
        canvas.Clear(SKColors.White);
        for (int row = 0; row < rows.Length; row++)
        {
            int top = Margin + row * rowStep;
            using SKImage strip = ToImage(rows[row]);
            canvas.DrawImage(strip, Margin + LabelWidth, top, new SKSamplingOptions(SKFilterMode.Nearest));
            canvas.DrawText(labels[row], Margin, top + rows[row].Height / 2 + FontSize / 3, SKTextAlign.Left, font, ink);
        }

        Save(path, surface);
    }

    /// <summary>Writes what has been drawn as a PNG file.</summary>
    internal static void Save(string path, SKSurface surface)
    {
        const int Lossless = 100;
        using SKImage image = surface.Snapshot();
        using SKData png = image.Encode(SKEncodedImageFormat.Png, Lossless);
        AtomicFile.Write(path, stream => png.SaveTo(stream));
    }

    private static SKImage ToImage(Raster raster)
    {
        const int Rgba = 4;
        byte[] pixels = new byte[raster.Width * raster.Height * Rgba];
        for (int pixel = 0; pixel < raster.Width * raster.Height; pixel++)
        {
            for (int channel = 0; channel < Rgba - 1; channel++)
            {
                pixels[pixel * Rgba + channel] = raster.Pixels[pixel * raster.Channels + channel % raster.Channels];
            }

            pixels[pixel * Rgba + Rgba - 1] = byte.MaxValue;
        }

        return SKImage.FromPixelCopy(new SKImageInfo(raster.Width, raster.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), pixels);
    }
}
