using System.Text.RegularExpressions;

namespace Bench;

/// <summary>
/// The files of the repository that hold a run's figures. A document asks for a table between
/// <c>&lt;!-- bench: NAME --&gt;</c> and <c>&lt;!-- /bench --&gt;</c>.
/// </summary>
internal sealed partial class Repository(string root)
{
    private static readonly string[] Documents = ["README.md", "docs/benchmarks.md", "docs/performance.md"];

    /// <summary>The ratios that later runs are compared with.</summary>
    public string Baseline => Path.Combine(root, "bench", "baseline.json");

    /// <summary>The chart of the kernels.</summary>
    public string Roofline => Path.Combine(root, "docs", "images", "roofline.png");

    /// <summary>The repository that this program was built in.</summary>
    /// <exception cref="BenchException">There is none.</exception>
    public static Repository Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "TinyFlow.sln")))
            {
                return new Repository(folder.FullName);
            }
        }

        throw new BenchException($"No folder above {AppContext.BaseDirectory} has TinyFlow.sln: the benchmark must run within its repository.");
    }

    /// <summary>Puts tables where documents ask for them.</summary>
    /// <exception cref="BenchException">A document asks for a table that this run does not have; nothing has been changed.</exception>
    public void Update(IReadOnlyList<Table> tables)
    {
        List<(string Path, string Text)> updated = [];
        foreach (string path in Documents.Select(name => Path.Combine(root, name)).Where(File.Exists))
        {
            updated.Add((path, Place().Replace(File.ReadAllText(path), match =>
            {
                string name = match.Groups["name"].Value;
                Table table = tables.FirstOrDefault(t => t.Name == name) ?? throw new BenchException(
                    $"{path} asks for the table '{name}', which this run has not measured. Known tables: {string.Join(", ", tables.Select(t => t.Name))}.");
                using StringWriter text = new() { NewLine = "\n" };
                if (table.Columns.Count == 0)
                {
                    text.WriteLine(table.Title);
                }
                else
                {
                    table.Write(text, markdown: true);
                }

                return $"<!-- bench: {name} -->\n{text}<!-- /bench -->";
            })));
        }

        foreach ((string path, string text) in updated)
        {
            File.WriteAllText(path, text);
        }
    }

    [GeneratedRegex("<!-- bench: (?<name>[a-z]+) -->\n.*?<!-- /bench -->", RegexOptions.Singleline)]
    private static partial Regex Place();
}
