namespace TinyFlow.Cuda.Native;

/// <summary>The file names of a library, by system and CUDA's major version.</summary>
internal sealed record LibraryFiles
{
    /// <summary>On Linux, by major version; 0 stands for any.</summary>
    public required IReadOnlyList<(int Major, string Name)> Linux { get; init; }

    /// <summary>On Windows, likewise.</summary>
    public required IReadOnlyList<(int Major, string Name)> Windows { get; init; }

    /// <summary>What it depends on and should be loaded from beside it, on Linux: then no search path matters.</summary>
    public string? LinuxCompanion { get; init; }

    /// <summary>The names for a system, those for the newest version that the driver serves first; others cannot work.</summary>
    /// <param name="windows">Whether the system is Windows.</param>
    /// <param name="driverMajor">The newest version of CUDA that the driver knows; 0 if that is not known.</param>
    public IEnumerable<string> NamesFor(bool windows, int driverMajor) =>
        (windows ? Windows : Linux).Where(file => file.Major == 0 || driverMajor == 0 || file.Major <= driverMajor).Select(file => file.Name);
}
