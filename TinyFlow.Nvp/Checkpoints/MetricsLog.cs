using System.Text;
using System.Text.Json;

namespace TinyFlow.Nvp.Checkpoints;

/// <summary>
/// Appends rows to metrics.jsonl, one JSON object a line. Each line reaches the system by one write before the call
/// returns, so that a crash of the program loses nothing and one of the machine at most the last lines. Every line has
/// every property: what is unknown or not finite is null, since JSON has no NaN.
/// </summary>
public sealed class MetricsLog : IDisposable
{
    private const byte NewLine = (byte)'\n';

    private static readonly (string Name, Func<MetricsRow, double> Get)[] Figures =
    [
        ("nll", row => row.Nll),
        ("bits_per_dim", row => row.BitsPerDim),
        ("log_prob_z", row => row.LogProbZ),
        ("log_det", row => row.LogDet),
        ("batch_norm", row => row.BatchNorm),
        ("dequantization", row => row.Dequantization),
        ("l2", row => row.L2),
        ("grad_norm", row => row.GradNorm),
        ("learning_rate", row => row.LearningRate),
        ("images_per_second", row => row.ImagesPerSecond),
        ("seconds", row => row.Seconds),
    ];

    private readonly string _path;
    private readonly FileStream _file;
    private readonly MemoryStream _line = new();

    private MetricsLog(string path, FileStream file) => (_path, _file) = (path, file);

    /// <summary>Opens a file to append to; makes it if there is none.</summary>
    /// <exception cref="CheckpointException">It cannot be opened for writing.</exception>
    public static MetricsLog Open(string path)
    {
        try
        {
            bool isCutOff = File.Exists(path) && File.ReadAllBytes(path) is [.., not NewLine];
            MetricsLog log = new(path, new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0));
            if (isCutOff)
            {
                // A row must not be glued to what is left of another.
                log._file.WriteByte(NewLine);
            }

            return log;
        }
        catch (Exception e) when (FileProblems.IsExpected(e))
        {
            throw new CheckpointException($"{path}: the file cannot be written: {FileProblems.Describe(e)}.", e);
        }
    }

    /// <summary>Adds a row.</summary>
    /// <exception cref="CheckpointException">It cannot be written, such as when the disk is full.</exception>
    public void Append(MetricsRow row)
    {
        _line.SetLength(0);
        using (Utf8JsonWriter json = new(_line))
        {
            Write(json, row);
        }

        _line.WriteByte(NewLine);
        try
        {
            _file.Write(_line.GetBuffer(), 0, (int)_line.Length);
        }
        catch (Exception e) when (FileProblems.IsExpected(e))
        {
            throw new CheckpointException($"{_path}: the file cannot be written: {FileProblems.Describe(e)}.", e);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Reads all rows; a missing file has none.</summary>
    /// <exception cref="CheckpointException">The file cannot be read.</exception>
    public static MetricsHistory Read(string path)
    {
        MetricsRow?[] rows = [.. Lines(ReadBytes(path)).Select(line => Parse(line.Span))];
        return new MetricsHistory([.. rows.OfType<MetricsRow>()], rows.Count(row => row is null));
    }

    /// <summary>
    /// Drops the rows after a checkpoint's step, which a resumed run will write again, and lines that cannot be read. For a
    /// row of the checkpoint's own step to stay, it must have been written before the checkpoint. A missing file stays missing.
    /// </summary>
    /// <exception cref="CheckpointException">The file cannot be read or written.</exception>
    public static void TruncateAfter(string path, long step)
    {
        ReadOnlyMemory<byte> bytes = ReadBytes(path);
        ReadOnlyMemory<byte>[] lines = [.. Lines(bytes)];
        ReadOnlyMemory<byte>[] kept = [.. lines.Where(line => Parse(line.Span) is { } row && row.Step <= step)];
        if (kept.Length == lines.Length && (bytes.IsEmpty || bytes.Span[^1] == NewLine))
        {
            return;
        }

        AtomicFile.Write(path, stream =>
        {
            foreach (ReadOnlyMemory<byte> line in kept)
            {
                stream.Write(line.Span);
                stream.WriteByte(NewLine);
            }
        });
    }

    private static void Write(Utf8JsonWriter json, MetricsRow row)
    {
        json.WriteStartObject();
        json.WriteNumber("step", row.Step);
        json.WriteNumber("epoch", row.Epoch);
        json.WriteString("split", row.Split);
        foreach ((string name, Func<MetricsRow, double> get) in Figures)
        {
            double value = get(row);
            if (double.IsFinite(value))
            {
                json.WriteNumber(name, value);
            }
            else
            {
                json.WriteNull(name);
            }
        }

        json.WriteEndObject();
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllBytes(path) : [];
        }
        catch (Exception e) when (FileProblems.IsExpected(e))
        {
            throw new CheckpointException($"{path}: the file cannot be read: {FileProblems.Describe(e)}.", e);
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int end = bytes.Span.IndexOf(NewLine);
            ReadOnlyMemory<byte> line = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? default : bytes[(end + 1)..];
            if (!line.Span.Trim(" \r\t"u8).IsEmpty)
            {
                yield return line;
            }
        }
    }

    private static MetricsRow? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetString(line));
            JsonElement json = document.RootElement;
            return new MetricsRow
            {
                Step = json.GetProperty("step").GetInt64(),
                Epoch = json.GetProperty("epoch").GetInt32(),
                Split = json.GetProperty("split").GetString() ?? "",
                Nll = Number(json, "nll"),
                BitsPerDim = Number(json, "bits_per_dim"),
                LogProbZ = Number(json, "log_prob_z"),
                LogDet = Number(json, "log_det"),
                BatchNorm = Number(json, "batch_norm"),
                Dequantization = Number(json, "dequantization"),
                L2 = Number(json, "l2"),
                GradNorm = Number(json, "grad_norm"),
                LearningRate = Number(json, "learning_rate"),
                ImagesPerSecond = Number(json, "images_per_second"),
                Seconds = Number(json, "seconds"),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static double Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN;
}
