using System.Security.Cryptography;

namespace TinyFlow.Nvp.Data;

/// <summary>
/// Images of one size, 8 bits a pixel, in the order [N, C, H, W], with a label each or none. Immutable; parts of it
/// share its memory.
/// </summary>
public sealed class ImageSet
{
    private readonly ReadOnlyMemory<byte> _pixels, _labels;
    private string? _sha256;

    /// <summary>Images over the given memory, which must not change any more.</summary>
    /// <param name="name">What messages call the set.</param>
    /// <param name="channels">C, 1 for gray.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="pixels">All pixels, [N, C, H, W].</param>
    /// <param name="labels">N labels, or none.</param>
    /// <param name="files">The name of each image's own file, or null.</param>
    /// <exception cref="ArgumentException">The pixels are no whole number of images, or labels or files are not as many.</exception>
    public ImageSet(
        string name, int channels, int height, int width, ReadOnlyMemory<byte> pixels, ReadOnlyMemory<byte> labels = default, IReadOnlyList<string>? files = null)
    {
        long size = (long)channels * height * width;
        if (channels < 1 || height < 1 || width < 1 || pixels.Length % size != 0)
        {
            throw new ArgumentException($"{name}: {pixels.Length} bytes are no whole number of images of {channels} x {height} x {width} pixels.");
        }

        Name = name;
        (Channels, Height, Width) = (channels, height, width);
        Count = (int)(pixels.Length / size);
        if (labels.Length != Count && labels.Length != 0)
        {
            throw new ArgumentException($"{name}: there are {Count} images, but {labels.Length} labels; one for each or none at all is needed.");
        }

        if (files is not null && files.Count != Count)
        {
            throw new ArgumentException($"{name}: there are {Count} images, but {files.Count} names of files; one for each or none at all is needed.");
        }

        (_pixels, _labels, Files) = (pixels, labels, files);
    }

    /// <summary>Images of numbers on [0, 1), as a flow generates them: pixel = ⌊256·x⌋, held between 0 and 255 (NaN becomes 0).</summary>
    /// <param name="name">What messages call the set.</param>
    /// <param name="channels">C, 1 for gray.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="x">All numbers, [N, C, H, W].</param>
    /// <exception cref="ArgumentException">The numbers are no whole number of images.</exception>
    public static ImageSet FromUnitInterval(string name, int channels, int height, int width, ReadOnlySpan<double> x)
    {
        byte[] pixels = new byte[x.Length];
        for (int i = 0; i < pixels.Length; i++)
        {
            // NaN compares false with everything, and must not reach the conversion.
            pixels[i] = x[i] >= 0 ? (byte)Math.Min(Math.Floor(256 * x[i]), byte.MaxValue) : (byte)0;
        }

        return new ImageSet(name, channels, height, width, pixels);
    }

    /// <summary>What messages call the set, such as "mini, validation".</summary>
    public string Name { get; }

    /// <summary>N, the number of images.</summary>
    public int Count { get; }

    /// <summary>C, the number of channels of a pixel.</summary>
    public int Channels { get; }

    /// <summary>H, the number of rows.</summary>
    public int Height { get; }

    /// <summary>W, the number of columns.</summary>
    public int Width { get; }

    /// <summary>D = C·H·W, the number of bytes of an image: what bits per dimension are divided by.</summary>
    public int Dimensions => Channels * Height * Width;

    /// <summary>All pixels, [N, C, H, W].</summary>
    public ReadOnlySpan<byte> Pixels => _pixels.Span;

    /// <summary>The same as memory that never changes, for a backend to keep.</summary>
    internal ReadOnlyMemory<byte> Memory => _pixels;

    /// <summary>A label for each image, or empty.</summary>
    public ReadOnlySpan<byte> Labels => _labels.Span;

    /// <summary>The name of each image's own file; null if they come together in one.</summary>
    public IReadOnlyList<string>? Files { get; }

    /// <summary>The SHA-256 of <see cref="Pixels"/> in lower-case hexadecimal digits, so that a figure can say which images it is about.</summary>
    public string Sha256 => _sha256 ??= Convert.ToHexStringLower(SHA256.HashData(Pixels));

    /// <summary>The pixels of one image, [C, H, W].</summary>
    public ReadOnlySpan<byte> Image(int index) => Pixels.Slice(checked(index * Dimensions), Dimensions);

    /// <summary>The images from one index on, under a name of their own.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not as many images.</exception>
    public ImageSet Slice(int start, int count, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count - start);
        return new ImageSet(
            name, Channels, Height, Width, _pixels.Slice(start * Dimensions, count * Dimensions), _labels.IsEmpty ? default : _labels.Slice(start, count),
            Files is null ? null : [.. Files.Skip(start).Take(count)]);
    }

    /// <summary>Copies the pixels of the given images, one after the other, as a batch [B, C, H, W].</summary>
    /// <exception cref="ArgumentException">There is no room for them, or too much.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is not that of an image.</exception>
    public void Gather(ReadOnlySpan<int> images, Span<byte> batch)
    {
        int size = Dimensions;
        if (batch.Length != (long)images.Length * size)
        {
            throw new ArgumentException($"{Name}: {images.Length} images need {(long)images.Length * size} bytes, but {batch.Length} are given.");
        }

        for (int i = 0; i < images.Length; i++)
        {
            Image(images[i]).CopyTo(batch[(i * size)..]);
        }
    }

    /// <summary>Name, number and size, such as <c>mini, validation: 1666 images of 1x28x28</c>.</summary>
    public override string ToString() => $"{Name}: {Count} {(Count == 1 ? "image" : "images")} of {Channels}x{Height}x{Width}";
}
