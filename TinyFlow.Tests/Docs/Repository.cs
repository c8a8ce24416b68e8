namespace TinyFlow.Tests.Docs;

/// <summary>Files of the repository that the tests were built in.</summary>
internal static class Repository
{
    private const string Mark = "TinyFlow.sln";

    public static string File(params string[] parts) => Path.Combine([Root(), .. parts]);

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, Mark)))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds {Mark}; run the tests where they were built.");
    }
}
