namespace Bench;

/// <summary>A table with a name, by which documents ask for it.</summary>
internal sealed record Table(string Name, string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>Writes aligned columns, as Markdown if wanted.</summary>
    public void Write(TextWriter output, bool markdown)
    {
        List<IReadOnlyList<string>> lines = [Columns, .. Rows];
        int[] widths = [.. Columns.Select((_, i) => lines.Max(line => line[i].Length))];
        (string left, string between, string right) = markdown ? ("| ", " | ", " |") : ("", "  ", "");
        for (int n = 0; n < lines.Count; n++)
        {
            output.WriteLine((left + string.Join(between, lines[n].Select((cell, i) => cell.PadRight(widths[i]))) + right).TrimEnd());
            if (n == 0 && markdown)
            {
                output.WriteLine(left + string.Join(between, widths.Select(w => new string('-', w))) + right);
            }
        }
    }
}
