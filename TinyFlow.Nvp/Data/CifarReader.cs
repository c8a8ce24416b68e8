using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Nvp.Data;

/// <summary>
/// Reads the files of CIFAR-10's binary version: for each image a byte of its label, 0 to 9, and 3,072 bytes of its
/// pixels, all of red, then of green, then of blue, each row by row: the order [C, H, W] of an <see cref="ImageSet"/>.
/// </summary>
internal static class CifarReader
{
    private const int Channels = 3, Side = 32, Classes = 10, Pixels = Channels * Side * Side, Record = 1 + Pixels;
    private const int BufferSize = 1 << 16;

    /// <summary>All images of some files, one file after the other.</summary>
    /// <exception cref="DataException">A file is missing, damaged or of another kind.</exception>
    public static ImageSet Read(string name, IReadOnlyList<string> paths)
    {
        int[] counts = [.. paths.Select(CountIn)];
        long count = counts.Sum(some => (long)some);
        if (count > Array.MaxLength / Pixels)
        {
            throw new DataException($"{name}: the files hold {count:N0} images; at most {Array.MaxLength / Pixels:N0} can be held in memory. Give fewer.");
        }

        byte[] pixels = new byte[count * Pixels], labels = new byte[count];
        for (int file = 0, first = 0; file < counts.Length; first += counts[file++])
        {
            Read(paths[file], pixels.AsSpan(first * Pixels, counts[file] * Pixels), labels.AsSpan(first, counts[file]));
        }

        return new ImageSet(name, Channels, Side, Side, pixels, labels);
    }

    private static int CountIn(string path)
    {
        long length = Try(path, () => new FileInfo(path).Length);
        (long whole, long rest) = Math.DivRem(length, Record);
        if (length == 0)
        {
            throw new DataException($"{path}: the file is empty; it should hold images of CIFAR-10, {Record:N0} bytes each. Get it again.");
        }

        return rest == 0 && whole <= int.MaxValue
            ? (int)whole
            : throw new DataException(
                $"{path}: the file is cut off or of another kind: its {length:N0} bytes are {whole:N0} images of {Record:N0} bytes and {rest:N0} bytes more; there should be none.{Guess(path)} Get it again.");
    }

    private static void Read(string path, Span<byte> pixels, Span<byte> labels)
    {
        using FileStream file = Try(path, () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize));
        for (int image = 0; image < labels.Length; image++)
        {
            try
            {
                file.ReadExactly(labels.Slice(image, 1));
                file.ReadExactly(pixels.Slice(image * Pixels, Pixels));
            }
            catch (Exception e) when (FileProblems.IsExpected(e))
            {
                throw Unreadable(path, e);
            }

            if (labels[image] >= Classes)
            {
                throw new DataException(
                    $"{path}: image {image + 1} has the label {labels[image]}; CIFAR-10's are 0 to {Classes - 1}. The file is damaged or of another kind.{Guess(path)} Get CIFAR-10's binary version, cifar-10-binary.tar.gz.");
            }
        }
    }

    // A file that is not whole images may be one that is still packed.
    private static string Guess(string path)
    {
        byte[] start = new byte[2];
        using FileStream file = Try(path, () => File.OpenRead(path));
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == 2 && start is [0x1f, 0x8b] ? " It looks gzipped: unpack it first." : "";
    }

    private static T Try<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (FileProblems.IsExpected(e))
        {
            throw Unreadable(path, e);
        }
    }

    private static DataException Unreadable(string path, Exception e) => new($"{path}: the file cannot be read: {FileProblems.Describe(e)}.", e);
}
