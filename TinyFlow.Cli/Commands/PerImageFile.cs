using System.Globalization;
using System.Text;
using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Cli.Commands;

/// <summary>A figure for each image, as a file for spreadsheets or NumPy.</summary>
internal static class PerImageFile
{
    private const string Csv = ".csv", Numpy = ".npy";

    /// <summary>What a file's name may end in, which says how it is written.</summary>
    public static string[] Endings { get; } = [Csv, Numpy];

    /// <summary>
    /// Writes bits per dimension, image 0 first: float64, or text that reads back as the same numbers, with the names of the
    /// images' files if they have any.
    /// </summary>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<double> bits, IReadOnlyList<string>? files)
    {
        if (Path.GetExtension(path).Equals(Numpy, StringComparison.OrdinalIgnoreCase))
        {
            using ReferenceBackend backend = new();
            using Tensor tensor = backend.Create([bits.Count], bits.ToArray());
            AtomicFile.Write(path, stream => Npy.Write(tensor, stream));
            return;
        }

        StringBuilder text = new($"image,bits_per_dim{(files is null ? "" : ",file")}\n");
        for (int i = 0; i < bits.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{i},{bits[i]:R}{(files is null ? "" : "," + Quoted(files[i]))}\n");
        }

        AtomicFile.Write(path, Encoding.UTF8.GetBytes(text.ToString()));
    }

    // RFC 4180, section 2.
    private static string Quoted(string field) => field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"")}\"" : field;
}
