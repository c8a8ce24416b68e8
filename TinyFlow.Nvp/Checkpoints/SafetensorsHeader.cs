using System.Text.Json;

namespace TinyFlow.Nvp.Checkpoints;

/// <summary>
/// The JSON header of a safetensors file, checked as strictly as the reference implementation checks it: every tensor's
/// bytes must be as many as type and shape need, and together they must cover the data without gap or overlap.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The reference implementation refuses larger headers, and so do we.</summary>
    public const long MaxSize = 100_000_000;

    public const string MetadataKey = "__metadata__";

    private readonly Dictionary<string, SafetensorsEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly string _path;

    private SafetensorsHeader(string path) => _path = path;

    /// <summary>The tensors by name, in the order of their bytes in the file.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; private set; } = [];

    public IReadOnlyDictionary<string, SafetensorsEntry> ByName => _entries;

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Reads a header that is followed by <paramref name="dataLength"/> bytes of data.</summary>
    /// <exception cref="CheckpointException">It is not valid; the message says where.</exception>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength, string path)
    {
        SafetensorsHeader header = new(path);
        if (json.IsEmpty || json[0] != (byte)'{')
        {
            throw header.Problem("its header does not begin with '{', so it is not a safetensors file");
        }

        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 16 });
            header.ReadRoot(ref reader);
        }
        catch (JsonException e)
        {
            throw header.Problem($"its header is not valid JSON (near byte {e.BytePositionInLine ?? 0} of the header)", e);
        }
        catch (InvalidOperationException e)
        {
            // Utf8JsonReader says so when a string holds invalid UTF-8 or half a surrogate pair.
            throw header.Problem("a string in its header is not valid Unicode", e);
        }

        header.CheckCoverage(dataLength);
        return header;
    }

    private void ReadRoot(ref Utf8JsonReader reader)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (name == MetadataKey)
            {
                ReadMetadata(ref reader);
            }
            else if (!_entries.TryAdd(name, ReadEntry(ref reader, name)))
            {
                throw Problem($"its header names the tensor '{name}' twice");
            }
        }

        // Only white space may follow; the reader throws if there is anything else.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(reader.TokenType == JsonTokenType.StartObject && _metadata.Count == 0, $"'{MetadataKey}' must be one object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            Expect(reader.TokenType == JsonTokenType.String, $"the metadata '{key}' must be a string");
            Expect(_metadata.TryAdd(key, reader.GetString()!), $"the metadata '{key}' is there twice");
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        Expect(reader.TokenType == JsonTokenType.StartObject, $"the entry of '{name}' must be an object");
        string? type = null;
        List<long>? sizes = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string property = reader.GetString()!;
            reader.Read();
            switch (property)
            {
                case "dtype":
                    Expect(type is null && reader.TokenType == JsonTokenType.String, $"the entry of '{name}' must have one dtype, a string");
                    type = reader.GetString();
                    break;
                case "shape":
                    Expect(sizes is null, $"the entry of '{name}' has two shapes");
                    sizes = ReadNumbers(ref reader, name);
                    break;
                case "data_offsets":
                    Expect(offsets is null, $"the entry of '{name}' has two data_offsets");
                    offsets = ReadNumbers(ref reader, name);
                    break;
                default:
                    // The format may grow; what we do not know cannot move the bytes of what we do.
                    reader.Skip();
                    break;
            }
        }

        if (type is null || sizes is null || offsets is not [long begin, long end])
        {
            throw Problem($"the entry of '{name}' must have dtype, shape and two data_offsets");
        }

        ElementType known = ElementTypes.Named(type) ?? throw Problem($"the tensor '{name}' has the type '{type}', which is not supported; save it as F32 or F64");
        Shape shape = ToShape(name, sizes);
        Expect(begin >= 0 && end >= begin, $"the bytes of '{name}' run from {begin} to {end}, which is no range");
        Expect(
            end - begin == (decimal)shape.Count * known.Size(),
            $"the tensor '{name}' of type {type} and shape {shape} needs {(decimal)shape.Count * known.Size()} bytes, but its header gives it {end - begin}");
        return new SafetensorsEntry(name, known, shape, begin, end);
    }

    private List<long> ReadNumbers(ref Utf8JsonReader reader, string name)
    {
        Expect(reader.TokenType == JsonTokenType.StartArray, $"shape and data_offsets of '{name}' must be arrays");
        List<long> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            long number = -1;
            Expect(
                reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out number) && number >= 0,
                $"shape and data_offsets of '{name}' must be whole numbers, 0 or more");
            numbers.Add(number);
        }

        return numbers;
    }

    private Shape ToShape(string name, List<long> sizes)
    {
        Expect(sizes.Count <= Shape.MaxRank, $"the tensor '{name}' has {sizes.Count} axes; at most {Shape.MaxRank} are supported");
        decimal count = 1;
        foreach (long size in sizes)
        {
            Expect(size <= int.MaxValue, $"the tensor '{name}' has an axis of {size} elements; at most {int.MaxValue} are supported");

            // The bound is far beyond any file, so that neither this nor the shape's own count can overflow.
            count *= size;
            Expect(count <= long.MaxValue / 8, $"the shape [{string.Join(", ", sizes)}] of '{name}' has more elements than any file");
        }

        return Shape.Create([.. sizes.Select(size => (int)size)]);
    }

    private void CheckCoverage(long dataLength)
    {
        Entries = [.. _entries.Values.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End)];
        long position = 0;
        string previous = "the header";
        foreach (SafetensorsEntry entry in Entries)
        {
            Expect(entry.Begin >= position, $"the bytes of '{entry.Name}' overlap those of '{previous}'");
            Expect(entry.Begin == position, $"there are {entry.Begin - position} bytes between '{previous}' and '{entry.Name}' that belong to nothing");
            position = entry.End;
            previous = entry.Name;
        }

        Expect(dataLength >= position, $"it is cut off: its header announces {position} bytes of data, but {dataLength} are there");
        Expect(dataLength == position, $"{dataLength - position} bytes follow its last tensor and belong to nothing");
    }

    private void Expect(bool condition, string problem)
    {
        if (!condition)
        {
            throw Problem(problem);
        }
    }

    private CheckpointException Problem(string problem, Exception? cause = null) => new($"{_path}: {problem}.", cause);
}
