namespace TinyFlow.Cli.Pictures;

/// <summary>A picture in memory: rows from the top, 1 byte (gray) or 3 bytes (red, green, blue) a pixel.</summary>
internal sealed record Raster(int Width, int Height, int Channels, byte[] Pixels)
{
    /// <summary>A picture of one gray level.</summary>
    public static Raster Blank(int width, int height, int channels, byte level)
    {
        byte[] pixels = new byte[checked(width * height * channels)];
        Array.Fill(pixels, level);
        return new Raster(width, height, channels, pixels);
    }

    /// <summary>The bytes of one row.</summary>
    public Span<byte> Row(int y) => Pixels.AsSpan(y * Width * Channels, Width * Channels);
}
