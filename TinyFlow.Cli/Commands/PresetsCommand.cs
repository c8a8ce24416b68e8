using System.CommandLine;
using System.Globalization;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Cli.Commands;

/// <summary>tinyflow presets.</summary>
internal static class PresetsCommand
{
    public static Command Create()
    {
        Option<bool> json = CommonOptions.Json();
        Command command = new("presets", "List the presets of 'tinyflow train': source, size, and measured bits per dimension.") { json };
        command.SetAction(parsed =>
        {
            Console.WriteLine(parsed.GetValue(json) ? ToJson(Presets.All) : ToText(Presets.All));
            return ExitCode.Success;
        });
        return command;
    }

    private static string ToText(IReadOnlyList<Preset> presets)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        int column = presets.Max(p => p.Name.Length);
        string indent = new(' ', column);
        return string.Join(Environment.NewLine + Environment.NewLine, presets.Select(p => string.Join(
            Environment.NewLine,
            $"{p.Name.PadRight(column)} {p.Description}",
            $"{indent} source: {p.Source}",
            string.Create(invariant, $"{indent} {p.Cost.Parameters:N0} parameters, {p.Cost.MultiplyAdds / 1e6:N1} million multiply-adds an image of {p.Model.Channels}x{p.Model.Height}x{p.Model.Width}"),
            string.Create(invariant, $"{indent} trains {p.Training.Epochs} epochs in batches of {p.Training.BatchSize}, unless told otherwise"),
            $"{indent} measured: {p.Measured ?? "not yet"}")));
    }

    private static string ToJson(IEnumerable<Preset> presets) => JsonText.Object(json =>
    {
        json.WriteStartArray("presets");
        foreach (Preset preset in presets)
        {
            json.WriteStartObject();
            json.WriteString("name", preset.Name);
            json.WriteString("description", preset.Description);
            json.WriteString("source", preset.Source);
            json.WriteNumber("parameters", preset.Cost.Parameters);
            json.WriteNumber("multiply_adds", preset.Cost.MultiplyAdds);
            json.WriteNumber("epochs", preset.Training.Epochs);
            json.WriteNumber("batch_size", preset.Training.BatchSize);
            json.WriteString("measured", preset.Measured);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });
}
