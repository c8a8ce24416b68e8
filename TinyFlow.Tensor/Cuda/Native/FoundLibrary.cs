using System.Diagnostics;
using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>The outcome of a search for a library: where it is, or all that was tried.</summary>
/// <param name="Library">What was looked for.</param>
/// <param name="Handle">The loaded library; 0 if it was not found.</param>
/// <param name="Tried">What was tried, in order; the last is what was loaded.</param>
/// <param name="Folders">The folders that were searched.</param>
internal sealed record FoundLibrary(LibrarySpec Library, nint Handle, IReadOnlyList<string> Tried, IReadOnlyList<string> Folders)
{
    /// <summary>Whether it was found.</summary>
    public bool IsFound => Handle != 0;

    /// <summary>The file that was loaded; what the loader was asked for, where the system does not say more; null if none was.</summary>
    public string? File => IsFound ? LoadedFile(Path.GetFileName(Tried[^1])) ?? Tried[^1] : null;

    /// <summary>Why it cannot be used and what to do; "" if it was found.</summary>
    public string Problem => IsFound
        ? ""
        : $"Could not load {Library.Title}. Tried: {string.Join(", ", Tried)}" +
            $"{(Folders.Count == 0 ? "" : $"; looked into {string.Join(", ", Folders)}")}. {Library.Remedy}";

    /// <summary>The functions that the library does not export.</summary>
    public IEnumerable<string> Missing(IEnumerable<string> functions) => functions.Where(function => !NativeLibrary.TryGetExport(Handle, function, out _));

    // A soname is a link to a file of a fuller name.
    private static string? LoadedFile(string name)
    {
        using Process process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>().Select(module => module.FileName)
            .FirstOrDefault(file => Path.GetFileName(file).StartsWith(name, StringComparison.OrdinalIgnoreCase));
    }
}
