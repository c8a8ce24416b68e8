using System.Security;
using System.Security.Cryptography;
using System.Text;
using SkiaSharp;
using TinyFlow.Nvp.Data;

namespace TinyFlow.Cli.Data;

/// <summary>
/// A folder of picture files of one size, or with folders <c>train</c> and <c>test</c> of such, which may have folders of
/// their own. They are gray images if no training picture has colours and the model wants none.
/// </summary>
internal static class PictureFolder
{
    /// <summary>Where the training pictures are if they are not in the folder itself.</summary>
    public const string TrainingFolder = "train";

    private const string TestFolder = "test";
    private const int Colors = 3, BytesOfPixel = 4, Opaque = byte.MaxValue, DeepestFolder = 16;

    /// <summary>How the names of pictures end.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".png", ".jpg", ".jpeg", ".bmp", ".webp"];

    /// <summary>Reads the training pictures, and those in <c>test</c> when they are asked for; null if there is none to train on.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="channels">The channels of the model that they are for: 3 makes gray pictures coloured ones.</param>
    /// <exception cref="DataException">A folder or a picture cannot be read, or one is of another size than the others.</exception>
    public static DataSource? Open(string path, int channels)
    {
        string folder = Path.Combine(path, TrainingFolder);
        List<string> inItself = Pictures(path, isDeep: false), below = Pictures(folder, isDeep: true);
        if (inItself.Count > 0 && below.Count > 0)
        {
            throw new DataException($"{path}: there are pictures in the folder itself and in {folder}. Leave those to train on in one of the two places.");
        }

        List<string> pictures = [.. inItself, .. below];
        if (pictures.Count == 0)
        {
            return null;
        }

        ImageSet training = Read($"{path}, training", path, pictures, channels);
        return new DataSource(path, training, () => Read($"{path}, test", path, TestPictures(path), training.Channels));
    }

    private static List<string> TestPictures(string path)
    {
        string folder = Path.Combine(path, TestFolder);
        return Pictures(folder, isDeep: true) is { Count: > 0 } pictures
            ? pictures
            : throw new DataException($"{path}: there are no test pictures; they belong into {folder}. To measure on those that validate, give --split validation; on all that are here, --split all.");
    }

    // Without what begins with a dot, as what a Mac leaves beside each picture does; whatever else cannot be read is an error.
    private static List<string> Pictures(string folder, bool isDeep)
    {
        EnumerationOptions options = new() { RecurseSubdirectories = isDeep, MaxRecursionDepth = DeepestFolder, IgnoreInaccessible = false, AttributesToSkip = 0 };
        try
        {
            return !Directory.Exists(folder) ? [] :
            [
                .. Directory.EnumerateFiles(folder, "*", options)
                    .Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
                    .Select(file => (Path: file, Name: Path.GetRelativePath(folder, file).Replace('\\', '/')))
                    .Where(file => !Array.Exists(file.Name.Split('/'), part => part.StartsWith('.')))
                    .OrderBy(file => Shuffled(file.Name), StringComparer.Ordinal)
                    .Select(file => file.Path),
            ];
        }
        catch (Exception e) when (e is UnauthorizedAccessException or SecurityException or IOException and not DataException)
        {
            throw new DataException($"{folder}: the folder cannot be listed: {e.Message}", e);
        }
    }

    // The last pictures validate: in the order of their names those could be all of one class.
    private static string Shuffled(string name) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    private static ImageSet Read(string name, string root, List<string> files, int channels)
    {
        channels = channels == Colors ? Colors : 1;
        byte[] pixels = [];
        (int width, int height) = (0, 0);
        for (int i = 0; i < files.Count; i++)
        {
            (byte[] rgba, SKSizeI size) = Decode(files[i]);
            if (i == 0)
            {
                (width, height) = (size.Width, size.Height);
                pixels = Room(name, files.Count, channels, width, height);
            }
            else if ((size.Width, size.Height) != (width, height))
            {
                throw new DataException($"{files[i]}: the picture has {size.Width}x{size.Height} pixels, but {files[0]} has {width}x{height}. Give pictures of one size.");
            }

            if (channels == 1 && HasColors(rgba))
            {
                channels = Colors;
                pixels = Widened(pixels, Room(name, files.Count, channels, width, height), images: i, width * height);
            }

            Separate(rgba, pixels.AsSpan(i * channels * width * height, channels * width * height), channels);
        }

        return new ImageSet(name, channels, height, width, pixels, files: [.. files.Select(file => Path.GetRelativePath(root, file))]);
    }

    private static byte[] Room(string name, int images, int channels, int width, int height)
    {
        long bytes = (long)images * channels * width * height;
        return bytes <= Array.MaxLength ? new byte[bytes] : throw new DataException(
            $"{name}: {images:N0} pictures of {channels}x{height}x{width} bytes are more than the {Array.MaxLength:N0} bytes that can be held. Give fewer or smaller ones.");
    }

    private static bool HasColors(byte[] rgba)
    {
        for (int i = 0; i < rgba.Length; i += BytesOfPixel)
        {
            if (rgba[i] != rgba[i + 1] || rgba[i + 1] != rgba[i + 2])
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The planes of the channels of pixels [H, W, RGBA].</summary>
    private static void Separate(byte[] rgba, Span<byte> planes, int channels)
    {
        int count = planes.Length / channels;
        for (int channel = 0; channel < channels; channel++)
        {
            Span<byte> plane = planes.Slice(channel * count, count);
            for (int i = 0; i < count; i++)
            {
                plane[i] = rgba[i * BytesOfPixel + channel];
            }
        }
    }

    // Gray images as coloured ones.
    private static byte[] Widened(byte[] gray, byte[] colored, int images, int plane)
    {
        for (int i = 0; i < images * Colors; i++)
        {
            gray.AsSpan(i / Colors * plane, plane).CopyTo(colored.AsSpan(i * plane));
        }

        return colored;
    }

    private static (byte[] Rgba, SKSizeI Size) Decode(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            using SKCodec codec = SKCodec.Create(stream, out SKCodecResult opened) ?? throw new DataException($"{file}: this is no picture that can be read ({opened}). Save it again as PNG, or take it out of the folder.");
            if (codec.EncodedOrigin != SKEncodedOrigin.TopLeft)
            {
                throw new DataException($"{file}: the picture lies on its side or is mirrored, and its file says so (EXIF: {codec.EncodedOrigin}). Save it upright.");
            }

            SKImageInfo wanted = new(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            if ((long)wanted.Width * wanted.Height * BytesOfPixel > Array.MaxLength)
            {
                throw new DataException($"{file}: the picture has {wanted.Width}x{wanted.Height} pixels, more than can be held. Give smaller ones.");
            }

            SKCodecResult read = codec.GetPixels(wanted, out byte[] rgba);
            return read != SKCodecResult.Success ? throw new DataException($"{file}: the picture is damaged or cut off ({read}). Save it again, or take it out of the folder.")
                : IsOpaque(rgba) ? (rgba, codec.Info.Size)
                : throw new DataException($"{file}: the picture is transparent in places, and what is behind it is not known. Save it without an alpha channel.");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or SecurityException or IOException and not DataException)
        {
            throw new DataException($"{file}: the file cannot be read: {e.Message}", e);
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException)
        {
            throw new DataException($"{file}: pictures are read by SkiaSharp, whose native library does not load here: {(e.InnerException ?? e).Message} Give the images in MNIST's or CIFAR-10's files instead (docs/data.md).", e);
        }
    }

    private static bool IsOpaque(byte[] rgba)
    {
        for (int i = BytesOfPixel - 1; i < rgba.Length; i += BytesOfPixel)
        {
            if (rgba[i] != Opaque)
            {
                return false;
            }
        }

        return true;
    }
}
