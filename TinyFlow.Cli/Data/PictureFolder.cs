using System.Security.Cryptography;
using System.Text;
using SkiaSharp;
using TinyFlow.Nvp.Data;

namespace TinyFlow.Cli.Data;

/// <summary>
/// A folder of picture files of one size, or with folders <c>train</c> and <c>test</c> of such, which may have folders of
/// their own. They are gray images if no training picture has colours.
/// </summary>
internal static class PictureFolder
{
    /// <summary>Where the training pictures are if they are not in the folder itself.</summary>
    public const string TrainingFolder = "train";

    private const string TestFolder = "test";
    private const int Colors = 3, BytesOfPixel = 4, Opaque = byte.MaxValue;

    /// <summary>How the names of pictures end.</summary>
    public static IReadOnlyList<string> Endings { get; } = [".png", ".jpg", ".jpeg", ".bmp", ".webp"];

    /// <summary>Whether there is a picture to train on.</summary>
    public static bool IsOne(string path) => TrainingPictures(path).Any();

    /// <summary>Reads the training pictures; those in <c>test</c> when they are asked for.</summary>
    /// <exception cref="DataException">A picture cannot be read, or is of another size than the others.</exception>
    public static DataSource Open(string path)
    {
        ImageSet training = Read($"{path}, training", path, TrainingPictures(path), isColored: false);
        return new DataSource(path, training, () => Read($"{path}, test", path, TestPictures(path), training.Channels == Colors));
    }

    private static IEnumerable<string> TrainingPictures(string path) => Directory.Exists(Path.Combine(path, TrainingFolder))
        ? Pictures(Path.Combine(path, TrainingFolder), isDeep: true)
        : Pictures(path, isDeep: false);

    private static IEnumerable<string> TestPictures(string path)
    {
        string folder = Path.Combine(path, TestFolder);
        return Directory.Exists(folder) && Pictures(folder, isDeep: true).Any()
            ? Pictures(folder, isDeep: true)
            : throw new DataException($"{path}: there are no test pictures; they belong into {folder}. To measure on the pictures that validate, give --split validation.");
    }

    private static IEnumerable<string> Pictures(string folder, bool isDeep) => Directory
        .EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = isDeep })
        .Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
        .OrderBy(file => Shuffled(Path.GetRelativePath(folder, file)), StringComparer.Ordinal);

    // The last pictures validate: in the order of their names those could be all of one class.
    private static string Shuffled(string name) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name.Replace('\\', '/'))));

    private static ImageSet Read(string name, string root, IEnumerable<string> pictures, bool isColored)
    {
        string[] files = [.. pictures], names = [.. files.Select(file => Path.GetRelativePath(root, file))];
        byte[] pixels = [];
        string first = files[0];
        (int width, int height) = (0, 0);
        for (int i = 0; i < files.Length; i++)
        {
            (byte[] picture, SKSizeI size) = Decode(files[i]);
            if (i == 0)
            {
                (width, height) = (size.Width, size.Height);
                long bytes = (long)files.Length * Colors * width * height;
                pixels = bytes <= Array.MaxLength ? new byte[bytes] : throw new DataException(
                    $"{name}: {files.Length:N0} pictures of {width}x{height} pixels are more than the {Array.MaxLength:N0} bytes that can be held. Give fewer or smaller ones.");
            }
            else if ((size.Width, size.Height) != (width, height))
            {
                throw new DataException($"{files[i]}: the picture has {size.Width}x{size.Height} pixels, but {first} has {width}x{height}. Give pictures of one size.");
            }

            isColored |= Separate(picture, pixels.AsSpan(i * Colors * width * height, Colors * width * height), files[i]);
        }

        return isColored
            ? new ImageSet(name, Colors, height, width, pixels, files: names)
            : new ImageSet(name, 1, height, width, FirstPlanes(pixels, files.Length, width * height), files: names);
    }

    /// <summary>The planes of red, green and blue of pixels [H, W, RGBA]; says whether they differ.</summary>
    private static bool Separate(byte[] rgba, Span<byte> planes, string file)
    {
        int count = planes.Length / Colors;
        bool isColored = false;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> pixel = rgba.AsSpan(i * BytesOfPixel, BytesOfPixel);
            if (pixel[Colors] != Opaque)
            {
                throw new DataException($"{file}: the picture is transparent in places, and what is behind it is not known. Save it without an alpha channel.");
            }

            (planes[i], planes[count + i], planes[2 * count + i]) = (pixel[0], pixel[1], pixel[2]);
            isColored |= pixel[0] != pixel[1] || pixel[1] != pixel[2];
        }

        return isColored;
    }

    private static byte[] FirstPlanes(byte[] pixels, int images, int plane)
    {
        byte[] gray = new byte[images * plane];
        for (int i = 0; i < images; i++)
        {
            pixels.AsSpan(i * Colors * plane, plane).CopyTo(gray.AsSpan(i * plane));
        }

        return gray;
    }

    private static (byte[] Rgba, SKSizeI Size) Decode(string file)
    {
        try
        {
            using SKCodec codec = SKCodec.Create(file, out SKCodecResult opened) ?? throw new DataException($"{file}: the picture cannot be read ({opened}). Save it again as PNG, or take it out of the folder.");
            SKImageInfo wanted = new(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
            SKCodecResult read = codec.GetPixels(wanted, out byte[] rgba);
            return read == SKCodecResult.Success ? (rgba, codec.Info.Size) : throw new DataException($"{file}: the picture is damaged or cut off ({read}). Save it again, or take it out of the folder.");
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException)
        {
            throw new DataException($"{file}: pictures are read by SkiaSharp, whose native library does not load here: {(e.InnerException ?? e).Message} Give the images in MNIST's or CIFAR-10's files instead (docs/data.md).", e);
        }
    }
}
