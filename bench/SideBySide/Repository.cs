using System.Globalization;
using System.Text.RegularExpressions;

namespace Bench;

/// <summary>
/// The files of the repository that hold a run's figures. A document asks for a table between
/// <c>&lt;!-- bench: NAME BITS --&gt;</c> and <c>&lt;!-- /bench --&gt;</c>, for machines with vectors of so many bits.
/// </summary>
internal sealed partial class Repository(string root)
{
    private static readonly string[] Documents = ["README.md", "docs/benchmarks.md", "docs/performance.md"];

    /// <summary>The ratios that later runs on machines with vectors of so many bits are compared with.</summary>
    public string Baseline(int vectorBits) => Path.Combine(root, "bench", $"baseline-{vectorBits}.json");

    /// <summary>The chart of the kernels on such machines.</summary>
    public string Roofline(int vectorBits) => Path.Combine(root, "docs", "images", $"roofline-{vectorBits}.png");

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

    /// <summary>Puts tables where documents ask for them; those of machines with other vectors stay as they are.</summary>
    /// <exception cref="BenchException">A document asks for a table that this run does not have, or none asks for any; nothing has been changed.</exception>
    public void Update(IReadOnlyList<Table> tables, int vectorBits)
    {
        List<(string Path, string Text)> updated = [];
        int places = 0;
        foreach (string path in Documents.Select(name => Path.Combine(root, name)).Where(File.Exists))
        {
            updated.Add((path, Place().Replace(File.ReadAllText(path), match =>
            {
                string name = match.Groups["name"].Value;
                if (match.Groups["bits"].Value != vectorBits.ToString(CultureInfo.InvariantCulture))
                {
                    return match.Value;
                }

                places++;
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

                return $"<!-- bench: {name} {vectorBits} -->\n{text}<!-- /bench -->";
            })));
        }

        if (places == 0)
        {
            throw new BenchException($"No document has a place for tables of machines with {vectorBits}-bit vectors, such as <!-- bench: kernels {vectorBits} --><!-- /bench -->.");
        }

        foreach ((string path, string text) in updated)
        {
            File.WriteAllText(path, text);
        }
    }

    [GeneratedRegex("<!-- bench: (?<name>[a-z]+) (?<bits>[0-9]+) -->\n.*?<!-- /bench -->", RegexOptions.Singleline)]
    private static partial Regex Place();
}
