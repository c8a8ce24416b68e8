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
            (Preset Preset, ModelCost Cost)[] presets = [.. Presets.All.Select(preset => (preset, ModelCost.Of(preset.Model)))];
            Console.WriteLine(parsed.GetValue(json) ? ToJson(presets) : ToText(presets));
            return ExitCode.Success;
        });
        return command;
    }

    private static string ToText(IEnumerable<(Preset Preset, ModelCost Cost)> presets)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        return string.Join(Environment.NewLine + Environment.NewLine, presets.Select(p => string.Join(
            Environment.NewLine,
            $"{p.Preset.Name,-10} {p.Preset.Description}",
            $"{"",-10} source: {p.Preset.Source}",
            string.Create(invariant, $"{"",-10} {p.Cost.Parameters:N0} parameters, {p.Cost.MultiplyAdds / 1e6:N1} million multiply-adds an image of {p.Preset.Model.Channels}x{p.Preset.Model.Height}x{p.Preset.Model.Width}"),
            $"{"",-10} measured: {p.Preset.Measured ?? "not yet"}")));
    }

    private static string ToJson(IEnumerable<(Preset Preset, ModelCost Cost)> presets) => JsonText.Object(json =>
    {
        json.WriteStartArray("presets");
        foreach ((Preset preset, ModelCost cost) in presets)
        {
            json.WriteStartObject();
            json.WriteString("name", preset.Name);
            json.WriteString("description", preset.Description);
            json.WriteString("source", preset.Source);
            json.WriteNumber("parameters", cost.Parameters);
            json.WriteNumber("multiply_adds", cost.MultiplyAdds);
            json.WriteString("measured", preset.Measured);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });
}
