namespace TinyFlow.Cuda.Native;

/// <summary>A library that may be needed: what it is called, and what to do where it is missing.</summary>
/// <param name="Import">The name by which imports call it.</param>
/// <param name="Title">What people call it.</param>
/// <param name="Override">The environment variable that names its file.</param>
/// <param name="Files">Its file names.</param>
/// <param name="Functions">What it has to export.</param>
/// <param name="Remedy">What to install, in a sentence.</param>
internal sealed record LibrarySpec(string Import, string Title, string Override, LibraryFiles Files, IReadOnlyList<string> Functions, string Remedy)
{
    /// <summary>Libraries that it opens by their names: it finds those that have been loaded before, wherever they lie.</summary>
    public IReadOnlyList<string> LoadedBefore { get; init; } = [];
}
