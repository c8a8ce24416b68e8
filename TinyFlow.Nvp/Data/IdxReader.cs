using System.Buffers.Binary;
using System.IO.Compression;
using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Nvp.Data;

/// <summary>
/// Reads the IDX format, in which MNIST and its relatives are published: two zeros, a type (8: unsigned bytes), the
/// number of axes, their sizes as big-endian 32-bit numbers, and the bytes. A gzipped file is recognised by its content.
/// Format: http://yann.lecun.com/exdb/mnist.
/// </summary>
public static class IdxReader
{
    private const byte UnsignedBytes = 8;
    private const int MagicSize = 4, MaxRank = 4;

    // Deflate cannot pack more than 1032 bytes into one, so a header that announces more is wrong before any memory is taken.
    private const long LargestPacking = 1032;

    /// <summary>A file of gray images of any size, [N, H, W], with the labels of another file if one is given.</summary>
    /// <exception cref="DataException">A file is missing, damaged or of another kind, or the numbers of images and labels differ.</exception>
    public static ImageSet ReadImages(string name, string imagesPath, string? labelsPath = null)
    {
        (int[] sizes, byte[] pixels) = Read(imagesPath, "images", ["count", "height", "width"]);
        if (labelsPath is null)
        {
            return new ImageSet(name, 1, sizes[1], sizes[2], pixels);
        }

        byte[] labels = ReadLabels(labelsPath);
        return labels.Length == sizes[0]
            ? new ImageSet(name, 1, sizes[1], sizes[2], pixels, labels)
            : throw new DataException($"{labelsPath}: the file has {labels.Length} labels, but {imagesPath} has {sizes[0]} images; the two do not belong together.");
    }

    /// <summary>A file of labels, [N].</summary>
    /// <exception cref="DataException">The file is missing, damaged or of another kind.</exception>
    public static byte[] ReadLabels(string path) => Read(path, "labels", ["count"]).Bytes;

    private static (int[] Sizes, byte[] Bytes) Read(string path, string content, string[] axes)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw new DataException($"{path}: this is a folder; an IDX file of {content} is needed.");
            }

            using FileStream file = File.OpenRead(path);
            if (file.Length == 0)
            {
                throw new DataException($"{path}: the file is empty; it should be an IDX file of {content}.");
            }

            Span<byte> start = stackalloc byte[2];
            bool isGzip = file.ReadAtLeast(start, 2, throwOnEndOfStream: false) == 2 && start is [0x1f, 0x8b];
            file.Position = 0;
            if (!isGzip)
            {
                return Read(file, file.Length, path, content, axes);
            }

            using GZipStream gzip = new(file, CompressionMode.Decompress);
            (int[] Sizes, byte[] Bytes) result = Read(gzip, file.Length * LargestPacking, path, content, axes);
            CheckGzipEnd(file, path, result.Bytes.Length + (MagicSize + axes.Length * sizeof(uint)));
            return result;
        }
        catch (InvalidDataException e)
        {
            throw new DataException($"{path}: the file's gzip compression is damaged, or the file is cut off. Get it again.", e);
        }
        catch (Exception e) when (e is not DataException && FileProblems.IsExpected(e))
        {
            throw new DataException($"{path}: the file cannot be read: {FileProblems.Describe(e)}.", e);
        }
    }

    private static (int[] Sizes, byte[] Bytes) Read(Stream stream, long mostBytes, string path, string content, string[] axes)
    {
        int[] sizes = ReadHeader(stream, path, content, axes);
        long needed = 1;
        foreach (int size in sizes)
        {
            // Every size is below 2^31 and the product so far below 2^31 too: no overflow.
            needed *= size;
            if (needed > Math.Min(mostBytes, Array.MaxLength))
            {
                throw new DataException($"{path}: the file is cut off or damaged: its header announces {content} of {Describe(sizes, axes)}, which cannot be in a file of this length.");
            }
        }

        byte[] bytes = new byte[needed];
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (read < bytes.Length)
        {
            throw new DataException($"{path}: the file is cut off: its header announces {content} of {Describe(sizes, axes)}, which are {needed} bytes, but only {read} are there.");
        }

        if (stream.ReadByte() >= 0)
        {
            throw new DataException($"{path}: more bytes follow the {needed} of {content} of {Describe(sizes, axes)} that its header announces; the file is damaged.");
        }

        return (sizes, bytes);
    }

    // GZipStream does not miss a checksum that has been cut off. A gzip file ends with the length of what is packed (in the
    // last of its members, if it has several): where other bytes stand, they are all but certainly a larger number.
    private static void CheckGzipEnd(FileStream file, string path, long length)
    {
        Span<byte> end = stackalloc byte[sizeof(uint)];
        if (RandomAccess.Read(file.SafeFileHandle, end, file.Length - end.Length) < end.Length || BinaryPrimitives.ReadUInt32LittleEndian(end) > length)
        {
            throw new DataException($"{path}: the file is cut off: the checksum at its end is missing. Get it again.");
        }
    }

    private static int[] ReadHeader(Stream stream, string path, string content, string[] axes)
    {
        Span<byte> magic = stackalloc byte[MagicSize];
        int read = stream.ReadAtLeast(magic, MagicSize, throwOnEndOfStream: false);
        if (read < MagicSize || magic[0] != 0 || magic[1] != 0 || magic[3] is 0 or > MaxRank)
        {
            throw new DataException($"{path}: this is not an IDX file of {content}: it begins with {Convert.ToHexString(magic[..read])}, but should begin with 000008{axes.Length:X2}.{Guess(magic[..read])}");
        }

        if (magic[2] != UnsignedBytes)
        {
            throw new DataException($"{path}: the file holds numbers of the IDX type {magic[2]:X2}; {content} must be unsigned bytes, type 08.");
        }

        if (magic[3] != axes.Length)
        {
            throw new DataException($"{path}: the file has {magic[3]} axes, but a file of {content} has {axes.Length} ({string.Join(", ", axes)}). {(magic[3] == MaxRank ? "Images with channels cannot be read, gray ones only." : "Are files of images and labels mixed up?")}");
        }

        int[] sizes = new int[axes.Length];
        Span<byte> number = stackalloc byte[sizeof(uint)];
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            if (stream.ReadAtLeast(number, number.Length, throwOnEndOfStream: false) < number.Length)
            {
                throw new DataException($"{path}: the file is cut off within its header.");
            }

            uint size = BinaryPrimitives.ReadUInt32BigEndian(number);
            sizes[axis] = size is > 0 and <= int.MaxValue
                ? (int)size
                : throw new DataException($"{path}: the header announces {content} with a {axes[axis]} of {size}; the file is damaged or holds nothing.");
        }

        return sizes;
    }

    private static string Describe(int[] sizes, string[] axes) =>
        string.Join(" x ", sizes) + $" ({string.Join(", ", axes)})";

    // What people most often have instead: an error page of the server, or an archive around the file.
    private static string Guess(ReadOnlySpan<byte> magic) => magic switch
    {
        [(byte)'<', ..] => " It looks like a web page: the download failed.",
        [(byte)'P', (byte)'K', ..] => " It looks like a zip archive: unpack it first.",
        _ => "",
    };
}
