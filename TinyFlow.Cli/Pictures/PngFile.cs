using System.Buffers.Binary;
using System.IO.Compression;
using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Cli.Pictures;

/// <summary>
/// Writes PNG files without any native library, so that samples can be seen wherever the program runs at all.
/// Format: W3C Portable Network Graphics, third edition.
/// </summary>
internal static class PngFile
{
    private const byte BitDepth = 8, Gray = 0, Color = 2, FilterUp = 2;

    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(CrcOf)];

    /// <summary>Writes a picture in place of the file of that path, if there is one.</summary>
    /// <exception cref="CheckpointException">The file cannot be written; the old one, if any, is as it was.</exception>
    public static void Save(string path, Raster raster) => AtomicFile.Write(path, stream => Write(stream, raster));

    internal static void Write(Stream stream, Raster raster)
    {
        stream.Write([0x89, (byte)'P', (byte)'N', (byte)'G', (byte)'\r', (byte)'\n', 0x1a, (byte)'\n']);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, raster.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], raster.Height);
        (header[8], header[9]) = (BitDepth, raster.Channels == 1 ? Gray : Color);
        WriteChunk(stream, "IHDR"u8, header);
        WriteChunk(stream, "IDAT"u8, Compress(raster));
        WriteChunk(stream, "IEND"u8, []);
    }

    private static ReadOnlySpan<byte> Compress(Raster raster)
    {
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            // Enlarged pixels repeat in the next row: what is written is the difference from the row above, mostly zeros.
            byte[] above = new byte[raster.Width * raster.Channels], line = new byte[above.Length];
            for (int y = 0; y < raster.Height; y++)
            {
                Span<byte> row = raster.Row(y);
                for (int i = 0; i < row.Length; i++)
                {
                    line[i] = unchecked((byte)(row[i] - above[i]));
                }

                zlib.WriteByte(FilterUp);
                zlib.Write(line);
                row.CopyTo(above);
            }
        }

        return packed.ToArray();
    }

    private static void WriteChunk(Stream stream, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        stream.Write(number);
        stream.Write(type);
        stream.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(uint.MaxValue, type), data));
        stream.Write(number);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
        {
            crc = CrcTable[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return crc;
    }

    // CRC-32 of one byte, by the reflected polynomial of ISO 3309.
    private static uint CrcOf(int value)
    {
        const uint Polynomial = 0xEDB88320;
        uint crc = (uint)value;
        for (int bit = 0; bit < 8; bit++)
        {
            crc = (crc & 1) != 0 ? Polynomial ^ (crc >> 1) : crc >> 1;
        }

        return crc;
    }
}
