using System.Globalization;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Tests.Nvp;

/// <summary>Values that PyTorch computed, by name; sizes come from the file.</summary>
internal sealed class GoldenFile : IDisposable
{
    private const string FurtherFolder = "TINYFLOW_GOLDEN_DIR";

    private readonly SafetensorsFile _file;

    public GoldenFile(string path) => _file = SafetensorsFile.Open(path);

    public string System => _file.Metadata.GetValueOrDefault("system", "of no name");

    /// <summary>The file that belongs to the tests, and those of a folder that an environment variable may name.</summary>
    public static IReadOnlyList<string> Paths
    {
        get
        {
            string? further = Environment.GetEnvironmentVariable(FurtherFolder);
            return [.. In(Path.Combine(AppContext.BaseDirectory, "Golden")), .. string.IsNullOrEmpty(further) ? [] : In(further)];
        }
    }

    /// <summary>The golden files of a folder, at least one: a folder that was named in vain must not pass as tested.</summary>
    public static string[] In(string folder)
    {
        string[] paths = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.safetensors") : [];
        return paths.Length > 0
            ? [.. paths.Order(StringComparer.Ordinal)]
            : throw new InvalidOperationException($"{folder}: {(Directory.Exists(folder) ? "the folder holds no .safetensors file" : "there is no such folder")}. It should hold golden files; {FurtherFolder} may name a folder of further ones, or must not be set.");
    }

    public int Number(string key) => int.Parse(_file.Metadata[key], CultureInfo.InvariantCulture);

    public bool Has(string name) => _file.Contains(name);

    public double[] this[string name] => _file.ReadDoubles(name);

    public double Scalar(string name) => this[name][0];

    public Shape Shape(string name) => _file.Entry(name).Shape;

    /// <summary>All entries below a prefix, without it.</summary>
    public IReadOnlyList<NamedArray> Under(string prefix) =>
    [
        .. _file.Entries.Where(entry => entry.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(entry => new NamedArray(entry.Name[prefix.Length..], entry.Shape, this[entry.Name])),
    ];

    /// <summary>x = (pixel + noise)/256 of a run of images.</summary>
    public Tensor Images(IBackend backend, int first, int count)
    {
        double[] pixels = this["input.pixels"], noise = this["input.noise"];
        Shape shape = Shape("input.pixels").With(0, count);
        int start = checked(first * (int)(shape.Count / count)), length = checked((int)shape.Count);
        double[] x = [.. pixels.Zip(noise, (pixel, u) => (pixel + u) / 256).Skip(start).Take(length)];
        return backend.Create(shape, x);
    }

    public void Dispose() => _file.Dispose();
}
