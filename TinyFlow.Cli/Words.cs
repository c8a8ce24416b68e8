using System.Globalization;

namespace TinyFlow.Cli;

/// <summary>Small pieces of sentences.</summary>
internal static class Words
{
    /// <summary>A number and its noun: 1 image, 2 images.</summary>
    public static string Count(int count, string noun) => string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");

    /// <summary>A path as it can be pasted into a shell.</summary>
    public static string Quoted(string path) =>
        path.All(c => char.IsLetterOrDigit(c) || c is '/' or '\\' or ':' or '.' or '-' or '_' or '+' or ',' or '=' or '@') ? path : $"\"{path}\"";
}
