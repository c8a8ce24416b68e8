using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace TinyFlow.Nvp.Checkpoints;

/// <summary>Writes the safetensors format: a length, a JSON header, and the tensors' bytes one after the other.</summary>
public static class SafetensorsWriter
{
    private const int LengthSize = sizeof(ulong);

    // The data starts at a multiple of 8 bytes, so that a reader may map it into memory and use it in place.
    private const int Alignment = 8;

    /// <summary>
    /// Writes tensors in the given order; their bytes go straight from their arrays to the stream. Put larger element
    /// types first where types are mixed and the file is to be used in place.
    /// </summary>
    /// <exception cref="ArgumentException">Two tensors have one name, or one has the name that the format keeps for itself.</exception>
    public static void Write(Stream stream, IReadOnlyList<StoredTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ReadOnlySpan<byte> header = Header(tensors, metadata).WrittenSpan;
        int padding = (int)((Alignment - header.Length % Alignment) % Alignment);
        if (header.Length + padding > SafetensorsHeader.MaxSize)
        {
            throw new ArgumentException($"The header of a safetensors file would have {header.Length} bytes; at most {SafetensorsHeader.MaxSize} are allowed. Shorten the metadata.");
        }

        Span<byte> length = stackalloc byte[LengthSize];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)(header.Length + padding));
        stream.Write(length);
        stream.Write(header);
        stream.Write("        "u8[..padding]);
        foreach (StoredTensor tensor in tensors)
        {
            stream.Write(tensor.Bytes);
        }
    }

    private static ArrayBufferWriter<byte> Header(IReadOnlyList<StoredTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        ArrayBufferWriter<byte> buffer = new();

        // Nothing here goes into a web page: the relaxed encoder keeps names and embedded JSON readable.
        using Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        if (metadata is { Count: > 0 })
        {
            json.WriteStartObject(SafetensorsHeader.MetadataKey);
            foreach ((string key, string value) in metadata)
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }

        HashSet<string> names = new([SafetensorsHeader.MetadataKey], StringComparer.Ordinal);
        long position = 0;
        foreach (StoredTensor tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException($"A safetensors file cannot hold the name '{tensor.Name}' twice or as a tensor's.");
            }

            position = WriteEntry(json, tensor, position);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer;
    }

    private static long WriteEntry(Utf8JsonWriter json, StoredTensor tensor, long position)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type.ToString());
        json.WriteStartArray("shape");
        foreach (int size in tensor.Shape)
        {
            json.WriteNumberValue(size);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(position);
        json.WriteNumberValue(position + tensor.Bytes.Length);
        json.WriteEndArray();
        json.WriteEndObject();
        return position + tensor.Bytes.Length;
    }
}
