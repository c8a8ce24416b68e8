using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace TinyFlow;

/// <summary>Reads and writes NumPy's .npy files (format versions 1.0 to 3.0), one array each.</summary>
public static class Npy
{
    /// <summary>
    /// Reads an array of float16, float32, float64, bool or integers of up to 64 bits, in either byte order and in C or
    /// Fortran order, as a tensor of the backend's precision (integers beyond 2^53 are rounded, in float32 those beyond
    /// 2^24). The caller disposes it. Reads no further than the array.
    /// </summary>
    /// <exception cref="InvalidDataException">This is no .npy file, it is cut off, or its elements are of another type.</exception>
    public static Tensor Read(IBackend backend, Stream stream)
    {
        NpyHeader header = NpyHeader.Read(stream);
        (int size, Func<ReadOnlyMemory<byte>, double> decode) = Decoder(header.ElementType);
        long needed = header.Shape.Count * size;
        if (stream.CanSeek && stream.Length - stream.Position < needed)
        {
            throw CutOff(header, needed, stream.Length - stream.Position);
        }

        if (needed > Array.MaxLength)
        {
            throw new InvalidDataException($"Npy: {needed} bytes of {header.Shape} '{header.ElementType}' are too many for one file; at most {Array.MaxLength} can be read.");
        }

        byte[] bytes = new byte[needed];
        int found = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (found < needed)
        {
            throw CutOff(header, needed, found);
        }

        double[] values = new double[header.Shape.Count];
        for (int i = 0; i < values.Length; i++)
        {
            int target = header.IsFortranOrder ? RowMajorPosition(i, header.Shape) : i;
            values[target] = decode(bytes.AsMemory(i * size, size));
        }

        return backend.Create(header.Shape, values);
    }

    /// <summary>Reads a file; see <see cref="Read(IBackend, Stream)"/>.</summary>
    /// <exception cref="InvalidDataException">As there, with the path.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Tensor Read(IBackend backend, string path)
    {
        using FileStream stream = File.OpenRead(path);
        try
        {
            return Read(backend, stream);
        }
        catch (InvalidDataException problem)
        {
            throw new InvalidDataException($"{problem.Message} (file {path})", problem);
        }
    }

    /// <summary>Writes a tensor as NumPy's <c>save</c> does: little-endian, C order, float32 or float64 as the backend computes.</summary>
    public static void Write(Tensor x, Stream stream)
    {
        bool isSingle = x.Backend.ElementSize == sizeof(float);
        stream.Write(new NpyHeader(isSingle ? "<f4" : "<f8", false, x.Shape).ToBytes());
        if (isSingle)
        {
            WriteLittleEndian(x.ToArray(), sizeof(float), stream);
        }
        else
        {
            WriteLittleEndian(x.ToDoubles(), sizeof(double), stream);
        }
    }

    /// <summary>Writes a file, over an old one if there is one; see <see cref="Write(Tensor, Stream)"/>.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(Tensor x, string path)
    {
        using FileStream stream = File.Create(path);
        Write(x, stream);
    }

    private static void WriteLittleEndian<T>(T[] values, int size, Stream stream) where T : unmanaged
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
        for (int i = 0; !BitConverter.IsLittleEndian && i < bytes.Length; i += size)
        {
            bytes.Slice(i, size).Reverse();
        }

        stream.Write(bytes);
    }

    private static (int Size, Func<ReadOnlyMemory<byte>, double> Decode) Decoder(string type)
    {
        bool isBig = type.StartsWith('>');
        Func<ReadOnlyMemory<byte>, double> Of(Func<ReadOnlyMemory<byte>, double> little, Func<ReadOnlyMemory<byte>, double> big) => isBig ? big : little;
        return type.TrimStart('<', '>', '|', '=') switch
        {
            "f8" => (8, Of(b => BinaryPrimitives.ReadDoubleLittleEndian(b.Span), b => BinaryPrimitives.ReadDoubleBigEndian(b.Span))),
            "f4" => (4, Of(b => BinaryPrimitives.ReadSingleLittleEndian(b.Span), b => BinaryPrimitives.ReadSingleBigEndian(b.Span))),
            "f2" => (2, Of(b => (double)BinaryPrimitives.ReadHalfLittleEndian(b.Span), b => (double)BinaryPrimitives.ReadHalfBigEndian(b.Span))),
            "i8" => (8, Of(b => BinaryPrimitives.ReadInt64LittleEndian(b.Span), b => BinaryPrimitives.ReadInt64BigEndian(b.Span))),
            "i4" => (4, Of(b => BinaryPrimitives.ReadInt32LittleEndian(b.Span), b => BinaryPrimitives.ReadInt32BigEndian(b.Span))),
            "i2" => (2, Of(b => BinaryPrimitives.ReadInt16LittleEndian(b.Span), b => BinaryPrimitives.ReadInt16BigEndian(b.Span))),
            "u8" => (8, Of(b => BinaryPrimitives.ReadUInt64LittleEndian(b.Span), b => BinaryPrimitives.ReadUInt64BigEndian(b.Span))),
            "u4" => (4, Of(b => BinaryPrimitives.ReadUInt32LittleEndian(b.Span), b => BinaryPrimitives.ReadUInt32BigEndian(b.Span))),
            "u2" => (2, Of(b => BinaryPrimitives.ReadUInt16LittleEndian(b.Span), b => BinaryPrimitives.ReadUInt16BigEndian(b.Span))),
            "i1" => (1, b => (sbyte)b.Span[0]),
            "u1" => (1, b => b.Span[0]),
            "b1" => (1, b => b.Span[0] == 0 ? 0 : 1),
            _ => throw new InvalidDataException($"Npy: elements of type '{type}' cannot be read; floats (f2, f4, f8), integers (i1 to i8, u1 to u8) and b1 can. Convert with astype('<f4') first."),
        };
    }

    /// <summary>Where element number <paramref name="index"/> of an array in Fortran order (first axis innermost) is in C order.</summary>
    private static int RowMajorPosition(int index, Shape shape)
    {
        int position = 0;
        for (int axis = 0; axis < shape.Rank; axis++)
        {
            (index, int along) = Math.DivRem(index, shape[axis]);
            position = position * shape[axis] + along;
        }

        return position;
    }

    private static InvalidDataException CutOff(NpyHeader header, long needed, long found) => new(
        $"Npy: the file is cut off: {header.Shape} of '{header.ElementType}' needs {needed} bytes of data, but {found} are there. Copy or save it again.");
}
