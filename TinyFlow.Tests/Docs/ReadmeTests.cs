using System.Text.RegularExpressions;
using ReadmeCode;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;

namespace TinyFlow.Tests.Docs;

/// <summary>What the README shows is compiled and run here, and is the same text.</summary>
[TestClass]
public sealed partial class ReadmeTests
{
    [TestMethod]
    public void The_code_of_the_readme_is_the_code_that_is_tested()
    {
        string readme = Lines(File.ReadAllText(Repository.File("README.md")));
        string[] shown = [.. CodeBlock().Matches(readme).Select(match => match.Groups[1].Value)];
        string[] tested = [.. new[] { nameof(ReadmeTraining), nameof(ReadmeGradient) }.Select(name => Snippet(Repository.File("TinyFlow.Tests", "Docs", name + ".cs")))];
        Assert.AreSequenceEqual(tested, shown);
    }

    [TestMethod]
    public void The_library_in_ten_lines_trains_measures_and_draws()
    {
        (EvaluationResult result, ImageSet samples) = ReadmeTraining.Run();
        Assert.AreEqual(2000, result.Images);
        Assert.IsTrue(double.IsFinite(result.BitsPerDim));
        Assert.AreEqual(16, samples.Count);
    }

    [TestMethod]
    public void The_gradient_is_the_one_that_is_shown() => Assert.AreEqual("[1.1815685 1.1053293 1.0246527]", ReadmeGradient.Run());

    [TestMethod]
    [DataRow("README.md")]
    [DataRow("CONTRIBUTING.md")]
    [DataRow("docs")]
    public void Links_to_files_of_the_repository_lead_somewhere(string place)
    {
        string path = Repository.File(place);
        string[] files = Directory.Exists(path) ? Directory.GetFiles(path, "*.md", SearchOption.AllDirectories) : [path];
        string[] dead = [.. files.SelectMany(file => Link().Matches(File.ReadAllText(file))
            .Select(match => match.Groups[1].Value)
            .Where(target => !target.Contains("://", StringComparison.Ordinal) && !Path.Exists(Path.Combine(Path.GetDirectoryName(file)!, target)))
            .Select(target => $"{Path.GetFileName(file)}: {target}"))];
        Assert.IsEmpty(dead, string.Join("; ", dead));
    }

    // The usings, then what stands between the marks, as a program of its own would have them.
    private static string Snippet(string path)
    {
        string[] lines = Lines(File.ReadAllText(path)).Split('\n');
        string[] usings = [.. lines.TakeWhile(line => line.StartsWith("using ", StringComparison.Ordinal))];
        string[] body = [.. lines.SkipWhile(line => line.Trim() != "// README").Skip(1).TakeWhile(line => line.Trim() != "// end")];
        int indent = body[0].Length - body[0].TrimStart().Length;
        return string.Join('\n', [.. usings, "", .. body.Select(line => line.Length > indent ? line[indent..] : "")]) + "\n";
    }

    private static string Lines(string text) => text.ReplaceLineEndings("\n");

    [GeneratedRegex("^```csharp\n(.*?)^```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    // The target of a link or picture, without the place within a file that may follow it.
    [GeneratedRegex(@"\]\(([^)#\s]+)[^)]*\)")]
    private static partial Regex Link();
}
