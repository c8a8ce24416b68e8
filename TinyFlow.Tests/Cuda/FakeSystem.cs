using TinyFlow.Cuda.Native;

namespace TinyFlow.Tests.Cuda;

/// <summary>A machine with the files that a test puts on it, and a loader that loads what it is told to.</summary>
internal sealed class FakeSystem : ISearchedSystem
{
    private readonly Dictionary<string, string> _variables = [];
    private readonly HashSet<string> _files = [], _broken = [], _known = [];

    /// <summary>What the loader was asked for, in order.</summary>
    public List<string> Asked { get; } = [];

    public bool IsWindows { get; init; }

    public bool IsArm { get; init; }

    public IReadOnlyList<string> UsualToolkits { get; init; } = ["/usr/local/cuda"];

    public IReadOnlyList<string> UsualFolders { get; init; } = ["/usr/lib/wsl/lib"];

    public FakeSystem With(string variable, string value)
    {
        _variables[variable] = value;
        return this;
    }

    /// <summary>A library that loads by its path.</summary>
    public FakeSystem WithFile(string path)
    {
        _files.Add(path);
        return this;
    }

    /// <summary>A library that is there and does not load.</summary>
    public FakeSystem WithBrokenFile(string path)
    {
        _broken.Add(path);
        return WithFile(path);
    }

    /// <summary>A library that the system's loader finds by its name.</summary>
    public FakeSystem WithKnown(string name)
    {
        _known.Add(name);
        return this;
    }

    public string? Variable(string name) => _variables.GetValueOrDefault(name);

    public bool FileExists(string path) => _files.Contains(path);

    public bool FolderExists(string path) => _files.Any(file => file.StartsWith(path + "/", StringComparison.Ordinal));

    public IEnumerable<string> Folders(string path, string pattern) => _files
        .Where(file => file.StartsWith($"{path}/{pattern.TrimEnd('*')}", StringComparison.Ordinal))
        .Select(file => $"{path}/{file[(path.Length + 1)..].Split('/')[0]}")
        .Where(FolderExists).Distinct().Order(StringComparer.Ordinal);

    public nint Load(string file, out string reason)
    {
        Asked.Add(file);
        reason = _broken.Contains(file) ? "invalid ELF header" : "";
        return _known.Contains(file) || (_files.Contains(file) && !_broken.Contains(file)) ? Asked.Count : 0;
    }
}
