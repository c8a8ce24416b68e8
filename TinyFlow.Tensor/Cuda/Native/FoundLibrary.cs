using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>The outcome of a search for a library: where it is, or all that was tried.</summary>
/// <param name="Library">What was looked for.</param>
/// <param name="Handle">The loaded library; 0 if it was not found.</param>
/// <param name="Loaded">The path or name by which it was loaded; null if it was not found.</param>
/// <param name="Tried">What was tried, in order, in words.</param>
/// <param name="Folders">The folders that were searched.</param>
internal sealed record FoundLibrary(LibrarySpec Library, nint Handle, string? Loaded, IReadOnlyList<string> Tried, IReadOnlyList<string> Folders)
{
    /// <summary>Whether it was found.</summary>
    public bool IsFound => Handle != 0;

    /// <summary>The file that was loaded; the name that the loader was asked for, where the system does not say more; null if none was.</summary>
    public string? File => Loaded is null || Path.IsPathRooted(Loaded) ? Loaded : ModuleNamed(Loaded) ?? Loaded;

    /// <summary>Why it cannot be used and what to do; "" if it was found.</summary>
    public string Problem => IsFound
        ? ""
        : $"Could not load {Library.Title}. Tried: {string.Join(", ", Tried)}" +
            $"{(Folders.Count == 0 ? "" : $"; looked into {string.Join(", ", Folders)}")}. {Library.Remedy}";

    /// <summary>The functions that the library does not export.</summary>
    public IEnumerable<string> Missing(IEnumerable<string> functions) => functions.Where(function => !NativeLibrary.TryGetExport(Handle, function, out _));

    // A soname is a link to a file of a longer name.
    private static string? ModuleNamed(string name)
    {
        using Process process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>().Select(module => module.FileName)
            .FirstOrDefault(file => Path.GetFileName(file).StartsWith(name, StringComparison.OrdinalIgnoreCase));
    }
}
