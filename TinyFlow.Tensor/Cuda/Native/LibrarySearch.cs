namespace TinyFlow.Cuda.Native;

/// <summary>
/// How a library is looked for. In this order: the file that its environment variable names, and nothing else if it is
/// set; the system's loader; <c>TINYFLOW_CUDA_PATH</c>; the Python packages of <c>VIRTUAL_ENV</c> and <c>CONDA_PREFIX</c>,
/// and the latter's own folder; the toolkits of <c>CUDA_HOME</c> and <c>CUDA_PATH</c>; the usual places. A newer version
/// of CUDA goes before an older one, wherever it is.
/// </summary>
internal sealed class LibrarySearch
{
    private readonly ISearchedSystem _system;

    /// <summary>A search of a system.</summary>
    public LibrarySearch(ISearchedSystem system) => _system = system;

    /// <summary>Looks for a library.</summary>
    /// <param name="library">What is looked for.</param>
    /// <param name="driverMajor">The newest version of CUDA that the driver knows; 0 if that is not known.</param>
    public FoundLibrary Find(LibrarySpec library, int driverMajor)
    {
        List<string> tried = [];
        if (Variable(library.Override) is { } named)
        {
            nint handle = Try(named, $"{named}, which {library.Override} names", tried);
            return new FoundLibrary(library, handle, handle == 0 ? null : named, tried, []);
        }

        string[] folders = [.. Folders().Where(_system.FolderExists).Distinct()];
        foreach (string name in library.Files.NamesFor(_system.IsWindows, driverMajor))
        {
            foreach (string file in (string[])[name, .. folders.Select(folder => Path.Combine(folder, name)).Where(_system.FileExists)])
            {
                LoadCompanion(library, file);
                nint loaded = Try(file, file, tried);
                if (loaded != 0)
                {
                    return new FoundLibrary(library, loaded, file, tried, folders);
                }
            }
        }

        return new FoundLibrary(library, 0, null, tried, folders);
    }

    private nint Try(string file, string description, List<string> tried)
    {
        nint handle = _system.Load(file, out string reason);
        bool isThere = handle == 0 && _system.FileExists(file);
        tried.Add(isThere && reason.Length > 0 ? $"{description} ({reason})" : description);
        return handle;
    }

    private void LoadCompanion(LibrarySpec library, string path)
    {
        if (!_system.IsWindows && library.Files.LinuxCompanion is { } companion)
        {
            // "libcublas.so.13" goes with "libcublasLt.so.13".
            string version = Path.GetExtension(path), file = Path.Combine(Path.GetDirectoryName(path) ?? "", companion + version);
            if (_system.FileExists(file))
            {
                _system.Load(file, out _);
            }
        }
    }

    // The folders that may hold libraries, whether they exist or not.
    private IEnumerable<string> Folders()
    {
        foreach (string folder in Paths("TINYFLOW_CUDA_PATH"))
        {
            foreach (string within in (string[])[folder, .. OfWheels(folder), .. OfWheels(Path.Combine(folder, "nvidia")), .. OfToolkit(folder)])
            {
                yield return within;
            }
        }

        foreach (string root in (string[])[.. Paths("VIRTUAL_ENV"), .. Paths("CONDA_PREFIX")])
        {
            foreach (string packages in PythonPackages(root))
            {
                foreach (string folder in OfWheels(Path.Combine(packages, "nvidia")))
                {
                    yield return folder;
                }
            }
        }

        // Conda's own packages put libraries beside those of everything else.
        foreach (string root in Paths("CONDA_PREFIX"))
        {
            yield return _system.IsWindows ? Path.Combine(root, "Library", "bin") : Path.Combine(root, "lib");
        }

        foreach (string root in (string[])[.. Paths("CUDA_HOME"), .. Paths("CUDA_PATH"), .. _system.UsualToolkits])
        {
            foreach (string folder in OfToolkit(root))
            {
                yield return folder;
            }
        }

        foreach (string folder in _system.UsualFolders)
        {
            yield return folder;
        }
    }

    // site-packages of each version of Python.
    private IEnumerable<string> PythonPackages(string root) => _system.IsWindows
        ? [Path.Combine(root, "Lib", "site-packages")]
        : _system.Folders(Path.Combine(root, "lib"), "python3*").Select(python => Path.Combine(python, "site-packages"));

    // nvidia/cu13/lib, nvidia/cublas/lib, nvidia/cudnn/lib, nvidia/nccl/lib; on Windows bin, or bin/x86_64.
    private IEnumerable<string> OfWheels(string nvidia) => _system.Folders(nvidia, "*").SelectMany(package => (string[])(_system.IsWindows
        ? [Path.Combine(package, "bin", "x86_64"), Path.Combine(package, "bin")]
        : [Path.Combine(package, "lib")]));

    private string[] OfToolkit(string root) => _system.IsWindows
        ? [Path.Combine(root, "bin", "x64"), Path.Combine(root, "bin")]
        : [Path.Combine(root, "lib64"), Path.Combine(root, "targets", _system.IsArm ? "sbsa-linux" : "x86_64-linux", "lib"), Path.Combine(root, "lib")];

    private string[] Paths(string variable) =>
        Variable(variable)?.Split(_system.IsWindows ? ';' : ':', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private string? Variable(string name) => _system.Variable(name) is { Length: > 0 } value ? value : null;
}
