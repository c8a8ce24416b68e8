using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace TinyFlow.Nvp.Checkpoints;

/// <summary>
/// A safetensors file, open for reading: a header that has been checked against the file's length, and tensors that are
/// read straight into the caller's memory when asked for. Format: https://github.com/huggingface/safetensors.
/// </summary>
/// <example><code>
/// using SafetensorsFile file = SafetensorsFile.Open("model.safetensors");
/// double[] weight = file.ReadDoubles("conv1.weight");
/// </code></example>
public sealed class SafetensorsFile : IDisposable
{
    private const int LengthSize = sizeof(ulong);

    private readonly SafeFileHandle _handle;
    private readonly SafetensorsHeader _header;
    private readonly long _dataStart;

    private SafetensorsFile(string path, SafeFileHandle handle, SafetensorsHeader header, long dataStart)
    {
        Path = path;
        _handle = handle;
        _header = header;
        _dataStart = dataStart;
    }

    /// <summary>The file's path, as it was given.</summary>
    public string Path { get; }

    /// <summary>The tensors, in the order of their bytes.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries => _header.Entries;

    /// <summary>The file's own notes, a dictionary of strings; empty if it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>Opens a file and checks its header; no tensor is read yet.</summary>
    /// <exception cref="CheckpointException">There is no such file, or it is no valid safetensors file.</exception>
    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            if (Directory.Exists(path))
            {
                throw new CheckpointException($"{path}: this is a folder, not a safetensors file.");
            }

            handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
            (SafetensorsHeader header, long dataStart) = ReadHeader(handle, path);
            SafetensorsFile file = new(path, handle, header, dataStart);
            handle = null;
            return file;
        }
        catch (Exception e) when (FileProblems.IsExpected(e))
        {
            throw new CheckpointException($"{path}: the file cannot be read: {FileProblems.Describe(e)}.", e);
        }
        finally
        {
            handle?.Dispose();
        }
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Contains(string name) => _header.ByName.ContainsKey(name);

    /// <summary>What the header says about a tensor.</summary>
    /// <exception cref="CheckpointException">There is none of this name.</exception>
    public SafetensorsEntry Entry(string name) => _header.ByName.TryGetValue(name, out SafetensorsEntry? entry)
        ? entry
        : throw new CheckpointException($"{Path}: there is no tensor '{name}'; the file has {Entries.Count} others{Examples()}.");

    /// <summary>A tensor with its bytes, in the type that it has in the file.</summary>
    /// <exception cref="CheckpointException">There is none of this name, or reading fails.</exception>
    public StoredTensor Read(string name)
    {
        SafetensorsEntry entry = Entry(name);
        if (entry.End - entry.Begin > Array.MaxLength)
        {
            throw new CheckpointException($"{Path}: the tensor '{name}' of shape {entry.Shape} has {entry.End - entry.Begin} bytes; at most {Array.MaxLength} can be read.");
        }

        StoredTensor tensor = StoredTensor.Allocate(name, entry.Shape, entry.Type);
        ReadBytes(entry, 0, tensor.Bytes);
        return tensor;
    }

    /// <summary>Fills a span with a tensor's elements, converted to float32 if need be.</summary>
    /// <exception cref="ArgumentException">The span has not as many elements as the tensor.</exception>
    /// <exception cref="CheckpointException">There is none of this name, or reading fails.</exception>
    public void Read(string name, Span<float> destination) => ReadAs(name, ElementType.F32, destination);

    /// <summary>Fills a span with a tensor's elements, converted to float64 if need be.</summary>
    /// <exception cref="ArgumentException">The span has not as many elements as the tensor.</exception>
    /// <exception cref="CheckpointException">There is none of this name, or reading fails.</exception>
    public void Read(string name, Span<double> destination) => ReadAs(name, ElementType.F64, destination);

    /// <summary>A tensor's elements as float32, whatever their type in the file.</summary>
    /// <exception cref="CheckpointException">There is none of this name, or reading fails.</exception>
    public float[] ReadFloats(string name) => Read(name).ToFloats();

    /// <summary>A tensor's elements as float64, whatever their type in the file.</summary>
    /// <exception cref="CheckpointException">There is none of this name, or reading fails.</exception>
    public double[] ReadDoubles(string name) => Read(name).ToDoubles();

    /// <summary>Closes the file; what has been read stays.</summary>
    public void Dispose() => _handle.Dispose();

    private static (SafetensorsHeader Header, long DataStart) ReadHeader(SafeFileHandle handle, string path)
    {
        long length = RandomAccess.GetLength(handle);
        if (length < LengthSize)
        {
            throw new CheckpointException(length == 0
                ? $"{path}: the file is empty."
                : $"{path}: the file has only {length} bytes; a safetensors file begins with {LengthSize} bytes that give the size of its header.");
        }

        Span<byte> prefix = stackalloc byte[LengthSize];
        Fill(handle, 0, prefix, path);
        ulong size = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (size > SafetensorsHeader.MaxSize)
        {
            throw new CheckpointException($"{path}: its first {LengthSize} bytes announce a header of {size} bytes, more than the {SafetensorsHeader.MaxSize} that the format allows, so it is not a safetensors file or is damaged.");
        }

        long dataStart = LengthSize + (long)size;
        if (dataStart > length)
        {
            throw new CheckpointException($"{path}: the file is cut off: its header should end at byte {dataStart}, but the file has {length} bytes.");
        }

        byte[] json = new byte[size];
        Fill(handle, LengthSize, json, path);
        return (SafetensorsHeader.Parse(json, length - dataStart, path), dataStart);
    }

    private void ReadAs<T>(string name, ElementType type, Span<T> destination)
        where T : unmanaged, INumberBase<T>
    {
        SafetensorsEntry entry = Entry(name);
        if (destination.Length != entry.Shape.Count)
        {
            throw new ArgumentException($"The tensor '{name}' of shape {entry.Shape} has {entry.Shape.Count} elements, but there is room for {destination.Length}.");
        }

        if (entry.Type == type)
        {
            ReadBytes(entry, 0, MemoryMarshal.AsBytes(destination));
            return;
        }

        // Converted piece by piece, so that the tensor is not in memory twice.
        const int Piece = 8192;
        int elementSize = entry.Type.Size();
        Span<byte> buffer = stackalloc byte[Piece];
        int step = Piece / elementSize;
        for (int start = 0; start < destination.Length; start += step)
        {
            int count = Math.Min(step, destination.Length - start);
            Span<byte> bytes = buffer[..(count * elementSize)];
            ReadBytes(entry, (long)start * elementSize, bytes);
            ElementTypes.Convert(entry.Type, bytes, destination.Slice(start, count));
        }
    }

    private void ReadBytes(SafetensorsEntry entry, long offset, Span<byte> destination)
    {
        try
        {
            Fill(_handle, _dataStart + entry.Begin + offset, destination, Path);
        }
        catch (Exception e) when (FileProblems.IsExpected(e))
        {
            throw new CheckpointException($"{Path}: the tensor '{entry.Name}' cannot be read: {FileProblems.Describe(e)}.", e);
        }
    }

    private static void Fill(SafeFileHandle handle, long position, Span<byte> destination, string path)
    {
        while (!destination.IsEmpty)
        {
            int read = RandomAccess.Read(handle, destination, position);
            if (read == 0)
            {
                throw new CheckpointException($"{path}: the file became shorter while it was read.");
            }

            destination = destination[read..];
            position += read;
        }
    }

    private string Examples() => Entries.Count == 0 ? "" : $", such as '{Entries[0].Name}'";
}
