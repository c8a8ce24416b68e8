using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace TinyFlow.Nvp.Checkpoints;

/// <summary>The folder of one training run, and what lies where in it.</summary>
/// <param name="Path">The folder.</param>
public sealed record RunFolder(string Path)
{
    /// <summary>The version of config.json that this program writes, and the newest that it reads.</summary>
    public const int ConfigVersion = 1;

    /// <summary>The folder that holds the runs, below the current one.</summary>
    public const string Runs = "runs";

    private const string VersionProperty = "format_version", ConfigurationProperty = "configuration";

    /// <summary>The settings of the run, as JSON.</summary>
    public string Config => In("config.json");

    /// <summary>The figures of the run, one JSON object a line.</summary>
    public string Metrics => In("metrics.jsonl");

    /// <summary>The model and the state of its training.</summary>
    public string Checkpoint => In("checkpoint.safetensors");

    /// <summary>The model as it was at its best validation, without the state of its training.</summary>
    public string Best => In("best.safetensors");

    /// <summary>The curves of the training.</summary>
    public string TrainingPicture => In("training.png");

    /// <summary>Real images above generated ones.</summary>
    public string RealVersusGenerated => In("real-vs-generated.png");

    /// <summary>The final sheet of samples.</summary>
    public string SamplesPicture => In("samples.png");

    /// <summary>The samples after an epoch, counted from 1: <c>samples/epoch-0010.png</c>.</summary>
    public string EpochPicture(int epoch) => In(System.IO.Path.Combine("samples", string.Create(CultureInfo.InvariantCulture, $"epoch-{epoch:D4}.png")));

    /// <summary>
    /// Makes the folder of a new run: the given one, or else <c>runs/yyyyMMdd-HHmmss-preset</c>. A folder whose run died
    /// before its first checkpoint holds nothing to lose and is taken again.
    /// </summary>
    /// <exception cref="CheckpointException">The folder cannot be made, or already holds a run or another program's config.json.</exception>
    public static RunFolder Create(string? path, string preset, DateTime now)
    {
        RunFolder folder = new(path ?? Unused(System.IO.Path.Combine(Runs, string.Create(CultureInfo.InvariantCulture, $"{now:yyyyMMdd-HHmmss}-{preset}"))));
        if (File.Exists(folder.Checkpoint) || File.Exists(folder.Best))
        {
            throw new CheckpointException($"{folder.Path}: the folder already holds a run. Choose another folder, or resume the run.");
        }

        if (File.Exists(folder.Config) && !folder.HoldsRun())
        {
            throw new CheckpointException($"{folder.Config}: this file is not TinyFlow's and would be overwritten. Choose another folder.");
        }

        folder.MakeFolders();
        return folder;
    }

    /// <summary>
    /// The run that a user means: a run folder, a checkpoint file, the name of a run below <c>runs</c>, or, if nothing is
    /// given, the run below <c>runs</c> whose checkpoint is the newest.
    /// </summary>
    /// <param name="run">What the user gave, or null.</param>
    /// <param name="workingFolder">Where <c>runs</c> is looked for; the current folder by default.</param>
    /// <exception cref="CheckpointException">There is no such run, it has no checkpoint, or its config.json is damaged or from a newer version.</exception>
    public static RunLocation Find(string? run, string workingFolder = "")
    {
        string runs = System.IO.Path.Combine(workingFolder, Runs);
        if (run is null)
        {
            return new RunFolder(Newest(runs)).Located();
        }

        if (File.Exists(run))
        {
            // Only the checkpoint that the folder's run wrote belongs to it: not a copy, nor a file beside another program's config.json.
            RunFolder around = new(System.IO.Path.GetDirectoryName(run) is { Length: > 0 } parent ? parent : ".");
            bool belongs = System.IO.Path.GetFileName(run) == System.IO.Path.GetFileName(around.Checkpoint) && around.HoldsRun();
            return new RunLocation(run, belongs ? around.Located().Folder : null);
        }

        string? found = new[] { run, System.IO.Path.Combine(runs, run) }.FirstOrDefault(Directory.Exists);
        return found is null
            ? throw new CheckpointException($"{run}: there is no such run folder or checkpoint file.{Known(runs)}")
            : new RunFolder(found).Located();
    }

    /// <summary>Writes config.json: the settings, with a format version around them.</summary>
    /// <param name="configuration">A JSON value.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void WriteConfig(string configuration) => AtomicFile.Write(Config, stream =>
    {
        using JsonDocument document = JsonDocument.Parse(configuration);
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteNumber(VersionProperty, ConfigVersion);
        json.WritePropertyName(ConfigurationProperty);
        document.RootElement.WriteTo(json);
        json.WriteEndObject();
        json.Flush();
        stream.Write("\n"u8);
    });

    /// <summary>The settings in config.json, as JSON.</summary>
    /// <exception cref="CheckpointException">The file is missing, damaged, or from a newer version.</exception>
    public string ReadConfig()
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Config));
            if (Parts(document) is var (version, configuration))
            {
                FormatVersion.Check(Config, version.ToString(), ConfigVersion);
                return configuration.GetRawText();
            }

            throw new CheckpointException($"{Config}: the file has no '{VersionProperty}' and '{ConfigurationProperty}'; it is not TinyFlow's.");
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"{Config}: the file is not valid JSON (line {e.LineNumber + 1}).", e);
        }
        catch (Exception e) when (FileProblems.IsExpected(e))
        {
            throw new CheckpointException($"{Config}: the file cannot be read: {FileProblems.Describe(e)}.", e);
        }
    }

    /// <summary>Keeps other processes from training in the folder until it is disposed, or this process ends.</summary>
    /// <exception cref="CheckpointException">Another process is training there, or the folder cannot be written to.</exception>
    public IDisposable Lock()
    {
        try
        {
            return new FileStream(In(".lock"), new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.None, Options = FileOptions.DeleteOnClose });
        }
        catch (IOException e) when (FileProblems.IsInUse(e))
        {
            throw new CheckpointException($"{Path}: another process is training in this folder. Wait for its end, or stop it; nothing was changed.", e);
        }
        catch (Exception e) when (FileProblems.IsExpected(e))
        {
            throw new CheckpointException($"{Path}: the folder cannot be written to: {FileProblems.Describe(e)}.", e);
        }
    }

    /// <summary>Makes the folder and that of its samples, where they are missing.</summary>
    /// <exception cref="CheckpointException">They cannot be made.</exception>
    public void MakeFolders()
    {
        try
        {
            Directory.CreateDirectory(In("samples"));
        }
        catch (Exception e) when (FileProblems.IsExpected(e))
        {
            throw new CheckpointException($"{Path}: the folder cannot be made: {(FileInTheWay() is { } file ? $"{file} is a file" : FileProblems.Describe(e))}.", e);
        }
    }

    private static string Newest(string runs)
    {
        if (!Directory.Exists(runs))
        {
            throw new CheckpointException($"There is no run yet: the folder '{runs}' does not exist here ({Directory.GetCurrentDirectory()}). Train first, or name a run folder or a checkpoint file.");
        }

        return Directory.EnumerateDirectories(runs)
            .Select(path => new RunFolder(path))
            .Where(folder => File.Exists(folder.Checkpoint))
            .MaxBy(folder => (File.GetLastWriteTimeUtc(folder.Checkpoint), folder.Path))?.Path
            ?? throw new CheckpointException($"There is no run yet: no folder in '{runs}' holds a checkpoint. Train first, or name a run folder or a checkpoint file.");
    }

    private static string Known(string runs)
    {
        const int Most = 5;
        if (!Directory.Exists(runs))
        {
            return "";
        }

        string[] names = [.. Directory.EnumerateDirectories(runs).Select(path => System.IO.Path.GetFileName(path)).OrderDescending(StringComparer.Ordinal).Take(Most)];
        return names.Length == 0 ? "" : $" The latest runs in '{runs}' are {string.Join(", ", names)}.";
    }

    // Two runs may start within a second.
    private static string Unused(string path)
    {
        string candidate = path;
        for (int number = 2; Directory.Exists(candidate); number++)
        {
            candidate = string.Create(CultureInfo.InvariantCulture, $"{path}-{number}");
        }

        return candidate;
    }

    private static (JsonElement Version, JsonElement Configuration)? Parts(JsonDocument document) =>
        document.RootElement.ValueKind == JsonValueKind.Object
        && document.RootElement.TryGetProperty(VersionProperty, out JsonElement version)
        && document.RootElement.TryGetProperty(ConfigurationProperty, out JsonElement configuration)
            ? (version, configuration)
            : null;

    // Whether config.json is one of ours, of whatever version.
    private bool HoldsRun()
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Config));
            return Parts(document) is not null;
        }
        catch (Exception e) when (e is JsonException || FileProblems.IsExpected(e))
        {
            return false;
        }
    }

    private RunLocation Located()
    {
        if (!File.Exists(Checkpoint) && File.Exists(Best))
        {
            throw new CheckpointException($"{Path}: the folder holds no checkpoint.safetensors; of its run only the best model is left. Name that: {Best}");
        }

        if (!File.Exists(Checkpoint))
        {
            throw new CheckpointException($"{Path}: the folder holds no checkpoint.safetensors: {(File.Exists(Config) ? $"its training has not got that far. If it is no longer running, start it again: tinyflow train --out \"{Path}\"" : "it is not a run folder.")}");
        }

        if (File.Exists(Config))
        {
            // A newer version's run is refused here, for every command alike.
            ReadConfig();
        }

        return new RunLocation(Checkpoint, this);
    }

    private string? FileInTheWay()
    {
        string? path = In("samples");
        while (!string.IsNullOrEmpty(path) && !File.Exists(path))
        {
            path = System.IO.Path.GetDirectoryName(path);
        }

        return string.IsNullOrEmpty(path) ? null : path;
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
