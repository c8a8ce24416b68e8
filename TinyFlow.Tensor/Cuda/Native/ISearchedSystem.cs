namespace TinyFlow.Cuda.Native;

/// <summary>What a search for libraries asks of the machine.</summary>
internal interface ISearchedSystem
{
    /// <summary>Whether libraries have Windows' names, and lie in its folders.</summary>
    bool IsWindows { get; }

    /// <summary>Whether the processor is an ARM one.</summary>
    bool IsArm { get; }

    /// <summary>Where toolkits are usually installed.</summary>
    IReadOnlyList<string> UsualToolkits { get; }

    /// <summary>Where else libraries may be.</summary>
    IReadOnlyList<string> UsualFolders { get; }

    /// <summary>An environment variable.</summary>
    string? Variable(string name);

    /// <summary>Whether there is such a folder.</summary>
    bool FolderExists(string path);

    /// <summary>Whether there is such a file.</summary>
    bool FileExists(string path);

    /// <summary>The folders in a folder whose names fit a pattern, in order; none if there is no such folder.</summary>
    IEnumerable<string> Folders(string path, string pattern);

    /// <summary>Loads a library, by its path or as the system finds it; 0, and a reason, if that does not work.</summary>
    nint Load(string file, out string reason);
}
