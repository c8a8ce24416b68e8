using System.Numerics;
using System.Runtime.InteropServices;

namespace TinyFlow.Nvp.Checkpoints;

/// <summary>Sizes, names and conversions of <see cref="ElementType"/>.</summary>
internal static class ElementTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.F64 or ElementType.I64 or ElementType.U64 => 8,
        ElementType.F32 or ElementType.I32 or ElementType.U32 => 4,
        ElementType.F16 or ElementType.BF16 or ElementType.I16 or ElementType.U16 => 2,
        _ => 1,
    };

    /// <summary>The type that the format calls by this name, or null if there is none (that we know).</summary>
    public static ElementType? Named(string name) => name switch
    {
        "F64" => ElementType.F64,
        "F32" => ElementType.F32,
        "F16" => ElementType.F16,
        "BF16" => ElementType.BF16,
        "I64" => ElementType.I64,
        "I32" => ElementType.I32,
        "I16" => ElementType.I16,
        "I8" => ElementType.I8,
        "U64" => ElementType.U64,
        "U32" => ElementType.U32,
        "U16" => ElementType.U16,
        "U8" => ElementType.U8,
        "BOOL" => ElementType.BOOL,
        _ => null,
    };

    /// <summary>Converts elements as a C# cast does: a float64 that becomes a float32 is rounded to the nearest.</summary>
    public static void Convert<T>(ElementType type, ReadOnlySpan<byte> bytes, Span<T> y)
        where T : unmanaged, INumberBase<T>
    {
        switch (type)
        {
            case ElementType.F64: Cast<double, T>(bytes, y); break;
            case ElementType.F32: Cast<float, T>(bytes, y); break;
            case ElementType.F16: Cast<Half, T>(bytes, y); break;
            case ElementType.BF16: Widen(bytes, y); break;
            case ElementType.I64: Cast<long, T>(bytes, y); break;
            case ElementType.I32: Cast<int, T>(bytes, y); break;
            case ElementType.I16: Cast<short, T>(bytes, y); break;
            case ElementType.I8: Cast<sbyte, T>(bytes, y); break;
            case ElementType.U64: Cast<ulong, T>(bytes, y); break;
            case ElementType.U32: Cast<uint, T>(bytes, y); break;
            case ElementType.U16: Cast<ushort, T>(bytes, y); break;
            default: Cast<byte, T>(bytes, y); break;
        }
    }

    private static void Cast<TFrom, T>(ReadOnlySpan<byte> bytes, Span<T> y)
        where TFrom : unmanaged, INumberBase<TFrom>
        where T : unmanaged, INumberBase<T>
    {
        ReadOnlySpan<TFrom> x = MemoryMarshal.Cast<byte, TFrom>(bytes);
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = T.CreateTruncating(x[i]);
        }
    }

    private static void Widen<T>(ReadOnlySpan<byte> bytes, Span<T> y)
        where T : unmanaged, INumberBase<T>
    {
        ReadOnlySpan<ushort> x = MemoryMarshal.Cast<byte, ushort>(bytes);
        for (int i = 0; i < y.Length; i++)
        {
            y[i] = T.CreateTruncating(BitConverter.UInt32BitsToSingle((uint)x[i] << 16));
        }
    }
}
