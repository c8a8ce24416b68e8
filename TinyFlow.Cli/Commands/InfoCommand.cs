using System.CommandLine;
using System.Text.Json;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Cli.Commands;

/// <summary>tinyflow info.</summary>
internal static class InfoCommand
{
    public static Command Create()
    {
        Option<bool> json = CommonOptions.Json();
        Command command = new("info", "Show a run's preset, settings, parameters and state of training.") { json };
        ModelChoice choice = ModelChoice.AddTo(command);
        command.SetAction(parsed =>
        {
            RunLocation location = choice.Find(parsed);
            using ReferenceBackend backend = new();
            using TrainedModel trained = TrainedModel.Load(location, backend);
            string description = Describe(trained, Rows(location, trained));
            if (parsed.GetValue(json))
            {
                Console.WriteLine(description);
            }
            else
            {
                using JsonDocument document = JsonDocument.Parse(description);
                Print(document.RootElement, "");
            }

            return ExitCode.Success;
        });
        return command;
    }

    // Of the best model, those until its step.
    private static MetricsRow[] Rows(RunLocation location, TrainedModel trained) => location.Folder is { } folder && File.Exists(folder.Metrics)
        ? [.. MetricsLog.Read(folder.Metrics).Rows.Where(row => row.Step <= trained.Counters.GetValueOrDefault("step", long.MaxValue))]
        : [];

    // The text is the same tree as the JSON, so that neither can say what the other leaves out.
    private static void Print(JsonElement element, string indent)
    {
        const int Column = 24;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                Console.WriteLine($"{indent}{property.Name}");
                Print(property.Value, indent + "  ");
            }
            else if (property.Value.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement item in property.Value.EnumerateArray())
                {
                    Console.WriteLine($"{indent}{property.Name}");
                    Print(item, indent + "  ");
                }
            }
            else
            {
                Console.WriteLine($"{(indent + property.Name).PadRight(Column)} {(property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString() : property.Value.GetRawText())}");
            }
        }
    }

    private static string Describe(TrainedModel trained, MetricsRow[] rows) => JsonText.Object(json =>
    {
        ModelConfig model = trained.Model.Config;
        json.WriteString("checkpoint", trained.Path);
        json.WriteString("preset", model.Preset);
        json.WriteNumber("parameters", trained.Model.Parameters.Count);
        json.WritePropertyName("model");
        json.WriteRawValue(model.ToJson());
        if (trained.Run is { } config)
        {
            using JsonDocument settings = JsonDocument.Parse(config.ToJson());
            foreach (JsonProperty part in settings.RootElement.EnumerateObject().Where(part => part.Name != "model"))
            {
                part.WriteTo(json);
            }
        }
        else
        {
            json.WriteStartArray("devices");
            json.WriteEndArray();
        }

        json.WriteStartObject("state");
        foreach ((string name, long value) in trained.Counters)
        {
            json.WriteNumber(name, value);
        }

        WriteLast(json, rows, "train");
        WriteLast(json, rows, "validation");
        json.WriteEndObject();
    });

    private static void WriteLast(Utf8JsonWriter json, MetricsRow[] rows, string split)
    {
        if (rows.LastOrDefault(row => row.Split == split) is { } last && double.IsFinite(last.BitsPerDim))
        {
            json.WriteNumber($"{split}_bits_per_dim", last.BitsPerDim);
        }
    }
}
