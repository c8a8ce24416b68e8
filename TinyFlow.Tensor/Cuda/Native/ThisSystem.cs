using System.Runtime.InteropServices;

namespace TinyFlow.Cuda.Native;

/// <summary>The machine that this runs on.</summary>
internal sealed class ThisSystem : ISearchedSystem
{
    public bool IsWindows => OperatingSystem.IsWindows();

    public bool IsArm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public IReadOnlyList<string> UsualToolkits => IsWindows
        ? [.. Folders(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "NVIDIA GPU Computing Toolkit", "CUDA"), "v1*").Reverse()]
        : ["/usr/local/cuda"];

    // WSL keeps the driver of Windows in a folder of its own.
    public IReadOnlyList<string> UsualFolders => IsWindows ? [] : ["/usr/lib/wsl/lib"];

    public string? Variable(string name) => Environment.GetEnvironmentVariable(name);

    public bool FolderExists(string path) => Directory.Exists(path);

    public bool FileExists(string path) => File.Exists(path);

    public IEnumerable<string> Folders(string path, string pattern) =>
        Directory.Exists(path) ? Directory.GetDirectories(path, pattern).Order(StringComparer.Ordinal) : [];

    public nint Load(string file, out string reason)
    {
        reason = "";
        if (NativeLibrary.TryLoad(file, out nint handle))
        {
            return handle;
        }

        if (FileExists(file))
        {
            try
            {
                return NativeLibrary.Load(file);
            }
            catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
            {
                // The loader's own words are the last line.
                string[] lines = exception.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                reason = lines[^1].Replace($"{file}: ", "", StringComparison.Ordinal);
            }
        }

        return 0;
    }
}
