using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace TinyFlow;

/// <summary>What the head of a .npy file says: how each element is stored, in which order, and the shape.</summary>
internal sealed partial record NpyHeader(string ElementType, bool IsFortranOrder, Shape Shape)
{
    // Enough for any shape; a larger one is no header of an array.
    private const int MaxLength = 1 << 16;
    private const int Alignment = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads up to the first element.</summary>
    /// <exception cref="InvalidDataException">This is no .npy file, it is cut off, or it holds something else than an array of numbers.</exception>
    public static NpyHeader Read(Stream stream)
    {
        Span<byte> start = stackalloc byte[8];
        int found = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        int compared = Math.Min(found, Magic.Length);
        if (!start[..compared].SequenceEqual(Magic[..compared]) || found == 0)
        {
            throw new InvalidDataException(
                $"Npy: this is not a .npy file: it starts with [{Convert.ToHexString(start[..found])}], expected [{Convert.ToHexString(Magic)}]{(found == 0 ? "; it is empty" : "")}.");
        }

        if (found < start.Length)
        {
            throw CutOff("its version");
        }

        (int major, int minor) = (start[6], start[7]);
        if (major is < 1 or > 3 || minor != 0)
        {
            throw new InvalidDataException($"Npy: the file has format version {major}.{minor}; versions 1.0, 2.0 and 3.0 can be read. Save it with a current NumPy.");
        }

        Span<byte> size = stackalloc byte[major == 1 ? 2 : 4];
        ReadAll(stream, size, "the length of its header");
        long length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(size) : BinaryPrimitives.ReadUInt32LittleEndian(size);
        if (length > MaxLength)
        {
            throw new InvalidDataException($"Npy: the header claims to be {length} bytes long; more than {MaxLength} is not the header of an array.");
        }

        byte[] text = new byte[length];
        ReadAll(stream, text, "its header");
        return Parse((major < 3 ? Encoding.Latin1 : Encoding.UTF8).GetString(text));
    }

    /// <summary>The bytes before the first element in format version 1.0, as NumPy writes them: their number is a multiple of 64.</summary>
    public byte[] ToBytes()
    {
        string sizes = string.Join(", ", Shape) + (Shape.Rank == 1 ? "," : "");
        string text = $"{{'descr': '{ElementType}', 'fortran_order': {(IsFortranOrder ? "True" : "False")}, 'shape': ({sizes}), }}";
        int before = Magic.Length + 4, total = (before + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        byte[] bytes = new byte[total];
        Magic.CopyTo(bytes);
        bytes[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(total - before));
        Encoding.ASCII.GetBytes((text + new string(' ', total - before - text.Length - 1) + "\n").AsSpan(), bytes.AsSpan(before));
        return bytes;
    }

    private static NpyHeader Parse(string text)
    {
        Match type = TypePattern().Match(text), order = OrderPattern().Match(text), shape = ShapePattern().Match(text);
        if (!type.Success || !order.Success || !shape.Success)
        {
            string missing = !type.Success ? "a single element type 'descr' (structured arrays cannot be read)" : !order.Success ? "'fortran_order'" : "'shape'";
            throw new InvalidDataException($"Npy: the header lacks {missing}; found: {text.Trim()}");
        }

        string[] sizes = shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        int[] axes = new int[sizes.Length];
        for (int axis = 0; axis < axes.Length; axis++)
        {
            if (!int.TryParse(sizes[axis].TrimEnd('L'), NumberStyles.None, CultureInfo.InvariantCulture, out axes[axis]))
            {
                throw new InvalidDataException($"Npy: '{sizes[axis]}' is not a size that can be read; found shape ({shape.Groups[1].Value}).");
            }
        }

        double count = axes.Aggregate(1.0, (product, axis) => product * axis);
        return axes.Length > Shape.MaxRank || count > int.MaxValue
            ? throw new InvalidDataException($"Npy: an array of shape ({shape.Groups[1].Value}) is too large: at most {Shape.MaxRank} axes and {int.MaxValue} elements can be read.")
            : new NpyHeader(type.Groups[1].Value, order.Groups[1].Value == "True", Shape.Create(axes));
    }

    private static void ReadAll(Stream stream, Span<byte> bytes, string what)
    {
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw CutOff(what);
        }
    }

    private static InvalidDataException CutOff(string where) => new($"Npy: the file ends within {where}; it is cut off. Copy or save it again.");

    [GeneratedRegex("""['"]descr['"]\s*:\s*['"]([^'"]*)['"]""")]
    private static partial Regex TypePattern();

    [GeneratedRegex("""['"]fortran_order['"]\s*:\s*(True|False)""")]
    private static partial Regex OrderPattern();

    [GeneratedRegex("""['"]shape['"]\s*:\s*\(([^)]*)\)""")]
    private static partial Regex ShapePattern();
}
