using System.Numerics;
using System.Runtime.InteropServices;

namespace TinyFlow.Nvp.Checkpoints;

/// <summary>
/// A named array in the host's memory, as it lies in a file: what passes between a model and its checkpoint. It knows
/// neither parameters nor backends: allocate one and let a backend read into <see cref="Floats"/> or
/// <see cref="Doubles"/>, or hand those to a backend to write.
/// </summary>
public sealed class StoredTensor
{
    private readonly byte[] _bytes;

    private StoredTensor(string name, Shape shape, ElementType type, byte[] bytes)
    {
        Name = name;
        Shape = shape;
        Type = type;
        _bytes = bytes;
    }

    /// <summary>Its key in the file: a PyTorch state_dict name where one exists.</summary>
    public string Name { get; }

    /// <summary>The sizes of its axes; [] for a scalar.</summary>
    public Shape Shape { get; }

    /// <summary>The format of its elements.</summary>
    public ElementType Type { get; }

    /// <summary>The elements as they lie in the file: row-major, little-endian.</summary>
    public Span<byte> Bytes => _bytes;

    /// <summary>The elements of an F32 tensor, in place.</summary>
    /// <exception cref="InvalidOperationException">It is of another type; <see cref="ToFloats"/> converts.</exception>
    public Span<float> Floats => MemoryMarshal.Cast<byte, float>(Of(ElementType.F32));

    /// <summary>The elements of an F64 tensor, in place.</summary>
    /// <exception cref="InvalidOperationException">It is of another type; <see cref="ToDoubles"/> converts.</exception>
    public Span<double> Doubles => MemoryMarshal.Cast<byte, double>(Of(ElementType.F64));

    /// <summary>The elements of an I64 tensor, in place.</summary>
    /// <exception cref="InvalidOperationException">It is of another type.</exception>
    public Span<long> Longs => MemoryMarshal.Cast<byte, long>(Of(ElementType.I64));

    /// <summary>A tensor of zeros.</summary>
    /// <exception cref="ArgumentException">It would have more than 2 GB, the most that one array can hold.</exception>
    public static StoredTensor Allocate(string name, Shape shape, ElementType type)
    {
        long size = checked(shape.Count * type.Size());
        return size <= Array.MaxLength
            ? new StoredTensor(name, shape, type, new byte[size])
            : throw new ArgumentException($"{name}: a tensor of shape {shape} in {type} has {size} bytes; at most {Array.MaxLength} can be stored.");
    }

    /// <summary>An F32 tensor with a copy of the values, row-major.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's.</exception>
    public static StoredTensor Create(string name, Shape shape, ReadOnlySpan<float> values) =>
        Filled(name, shape, ElementType.F32, values);

    /// <summary>An F64 tensor with a copy of the values, row-major.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's.</exception>
    public static StoredTensor Create(string name, Shape shape, ReadOnlySpan<double> values) =>
        Filled(name, shape, ElementType.F64, values);

    /// <summary>An I64 tensor with a copy of the values, row-major.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's.</exception>
    public static StoredTensor Create(string name, Shape shape, ReadOnlySpan<long> values) =>
        Filled(name, shape, ElementType.I64, values);

    /// <summary>A U8 tensor with a copy of the values, row-major.</summary>
    /// <exception cref="ArgumentException">The number of values is not the shape's.</exception>
    public static StoredTensor Create(string name, Shape shape, ReadOnlySpan<byte> values) =>
        Filled(name, shape, ElementType.U8, values);

    /// <summary>
    /// The tensor in half the space or less: float64 and float32 become float16, rounded to the nearest of 11 bits, which is
    /// 0 for what is below 3e-8; other types stay as they are.
    /// </summary>
    /// <exception cref="ArgumentException">A finite number is beyond float16's largest, 65,504.</exception>
    public StoredTensor InHalfPrecision()
    {
        if (Type is not (ElementType.F64 or ElementType.F32))
        {
            return this;
        }

        double[] values = ToDoubles();
        StoredTensor rounded = Allocate(Name, Shape, ElementType.F16);
        Span<Half> halves = MemoryMarshal.Cast<byte, Half>(rounded.Bytes);
        for (int i = 0; i < values.Length; i++)
        {
            halves[i] = (Half)values[i];
            if (Half.IsInfinity(halves[i]) && double.IsFinite(values[i]))
            {
                throw new ArgumentException($"{Name}: {values[i]:G6} does not fit into float16, whose largest number is {(double)Half.MaxValue:N0}.");
            }
        }

        return rounded;
    }

    /// <summary>The same elements under another name; shares the memory.</summary>
    public StoredTensor Renamed(string name) => new(name, Shape, Type, _bytes);

    /// <summary>A copy of the elements as float32, whatever their type; float64 is rounded to the nearest.</summary>
    public float[] ToFloats() => Converted<float>();

    /// <summary>A copy of the elements as float64, whatever their type.</summary>
    public double[] ToDoubles() => Converted<double>();

    /// <summary>For messages: name, type and shape, such as <c>weight: F32 [64, 1, 3, 3]</c>.</summary>
    public override string ToString() => $"{Name}: {Type} {Shape}";

    private static StoredTensor Filled<T>(string name, Shape shape, ElementType type, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        if (values.Length != shape.Count)
        {
            throw new ArgumentException($"{name}: shape {shape} needs {shape.Count} values, but {values.Length} are given.");
        }

        StoredTensor tensor = Allocate(name, shape, type);
        MemoryMarshal.AsBytes(values).CopyTo(tensor._bytes);
        return tensor;
    }

    private T[] Converted<T>()
        where T : unmanaged, INumberBase<T>
    {
        T[] values = new T[Shape.Count];
        ElementTypes.Convert(Type, _bytes, values.AsSpan());
        return values;
    }

    private Span<byte> Of(ElementType type) => Type == type
        ? _bytes
        : throw new InvalidOperationException($"{Name} holds {Type}, not {type}; ToFloats and ToDoubles convert.");
}
