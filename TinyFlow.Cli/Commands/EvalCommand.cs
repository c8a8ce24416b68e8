using System.CommandLine;
using System.Globalization;
using TinyFlow.Cli.Devices;
using TinyFlow.Cli.Training;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;

namespace TinyFlow.Cli.Commands;

/// <summary>tinyflow eval.</summary>
internal static class EvalCommand
{
    // Enough to see a flow that does not invert; the inverse of some couplings is far slower than they are themselves.
    private const int InverseChecks = 200;

    public static Command Create()
    {
        Option<string?> data = CommonOptions.EvaluationData();
        Option<string?> split = CommonOptions.Split(CommonOptions.Test);
        Option<int> draws = CommonOptions.NoiseDraws();
        Option<int> importance = CommonOptions.AtLeast(new Option<int>("--importance-samples") { Description = "Also the importance-weighted bound of so many draws of noise an image: tighter, and not comparable with figures without.", DefaultValueFactory = _ => 1, HelpName = "K" }, 1);
        Option<string?> perImage = CommonOptions.FileEndingIn(
            new Option<string?>("--per-image") { Description = "Also write the bits per dimension of each image, in the order of the set, to a .csv or .npy file; a .csv file has the names of pictures.", HelpName = "FILE" }, PerImageFile.Endings);
        Option<bool> ledger = new("--ledger") { Description = "Also the likelihood term by term: the prior's, each step's log-determinant, the pixels' bins." };
        Option<ulong> seed = CommonOptions.Seed("Of the noise.");
        Option<bool> json = CommonOptions.Json();
        Command command = new("eval", "Measure bits per dimension (an upper bound on the code length) on all test images, all validation images, or all images of other data, beside two baselines.")
        {
            data, split, draws, importance, perImage, ledger, seed, json,
        };
        DeviceOptions device = DeviceOptions.AddTo(command);
        ModelChoice choice = ModelChoice.AddTo(command);
        command.SetAction(parsed =>
        {
            RunLocation location = choice.Find(parsed);
            string? perImageFile = parsed.GetValue(perImage) is { } path ? CommonOptions.InFolder(perImage, path) : null;
            using IBackend backend = DeviceChoice.Open(device.Of(parsed));
            using TrainedModel trained = TrainedModel.Load(location, backend);
            DataSource source = trained.Images(parsed.GetValue(data));
            string chosen = parsed.GetValue(split) ?? CommonOptions.Test;
            ImageSet images = trained.Split(source, chosen);
            using Interruption interruption = new(() => { }, () => { });
            EvaluationSettings settings = new()
            {
                NoiseDraws = parsed.GetValue(draws),
                ImportanceSamples = parsed.GetValue(importance),
                InverseChecks = InverseChecks,
                WithLedger = parsed.GetValue(ledger),
                Seed = parsed.GetValue(seed),
            };
            EvaluationResult result = Evaluator.Evaluate(trained.Model, images, settings, interruption.Token).RequireFinite(trained.Path);
            if (result.NotRecorded is { } reason)
            {
                Console.Error.WriteLine(DeviceChoice.NotRecorded("Batches", reason));
            }

            // Of images that they were fitted on they would say too little.
            Baselines? baselines = chosen == CommonOptions.All ? null : Baselines.Measure(chosen == CommonOptions.Test ? source.Published : source.Training, images);
            Console.WriteLine(parsed.GetValue(json) ? ToJson(result, baselines, images, chosen, settings.Seed, trained) : ToText(result, baselines, images, trained));
            if (perImageFile is not null)
            {
                PerImageFile.Write(perImageFile, result.PerImage, images.Files);
            }

            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>The result, if every image has a likelihood.</summary>
    public static EvaluationResult RequireFinite(this EvaluationResult result, string checkpoint) => result.NonFinite == 0
        ? result
        : throw new InvalidOperationException($"{result.NonFinite} of {result.Images} images have no finite likelihood under {checkpoint}; there is no honest mean to report.");

    private static string ToText(EvaluationResult result, Baselines? baselines, ImageSet images, TrainedModel trained)
    {
        List<string> lines = [];
        void Line(string name, string text) => lines.Add($"{name,-24} {text}");
        void Number(string name, double value, string format, string after = "") => Line(name, value.ToString(format, CultureInfo.InvariantCulture) + after);
        string Error(double error) => double.IsFinite(error) ? error.ToString("F4", CultureInfo.InvariantCulture) : "unknown: two images at least are needed";

        Line("model", trained.Path);
        Line("images", $"{images.Name}: all {result.Images}, SHA-256 {images.Sha256}");
        Line("computed by", DeviceChoice.Describe(trained.Model.Backend));
        Line("trained on", trained.TrainedOn is { } on ? $"{on.Source}, SHA-256 {on.Sha256}" : "unknown: the checkpoint does not say");
        Number("nll", result.Nll, "F3", " nats an image");
        Number("bits_per_dim", result.BitsPerDim, "F4");
        Line("standard_error", Error(result.StandardError));
        Number("noise_draws", result.NoiseDraws, "F0");
        if (result.Importance is { } bound)
        {
            Number("importance-weighted", bound.BitsPerDim, "F4", $" ± {Error(bound.StandardError)}: the tighter bound of {bound.Samples} draws an image");
        }

        foreach (LedgerEntry entry in result.Ledger?.Entries ?? [])
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"  {entry.Name,-36} {entry.Nats,12:F3} nats an image"));
        }

        if (result.Ledger is { } terms)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"  {"sum = -nll",-36} {terms.Total,12:F3} nats an image"));
        }

        Line("non-finite values", $"{result.NonFinite}");
        Number("largest inverse error", result.LargestInverseError ?? 0, "0.0e-0", $" of any pixel of the first {Math.Min(InverseChecks, result.Images)} images, on a scale of 0 to 1");
        if (baselines is not null)
        {
            Number("baseline: one histogram of all pixels       ", baselines.GlobalHistogram, "F4", " bits_per_dim");
            Number("baseline: a histogram for each pixel        ", baselines.PixelHistogram, "F4", " bits_per_dim");
        }

        lines.Add($"The model's figure is an upper bound on its code length, by dequantization{(baselines is null ? "." : "; the baselines' are exact.")}");
        return string.Join(Environment.NewLine, lines);
    }

    private static string ToJson(EvaluationResult result, Baselines? baselines, ImageSet images, string split, ulong seed, TrainedModel trained) => JsonText.Object(json =>
    {
        json.WriteNumber("nll", result.Nll);
        json.WriteNumber("bits_per_dim", result.BitsPerDim);
        json.WriteFinite("standard_error", result.StandardError);
        json.WriteNumber("images", result.Images);
        json.WriteString("split", split);
        json.WriteNumber("noise_draws", result.NoiseDraws);
        json.WriteNumber("seed", seed);
        if (result.Importance is { } bound)
        {
            json.WriteStartObject("importance_weighted");
            json.WriteNumber("samples", bound.Samples);
            json.WriteNumber("bits_per_dim", bound.BitsPerDim);
            json.WriteFinite("standard_error", bound.StandardError);
            json.WriteEndObject();
        }

        if (result.Ledger is { } terms)
        {
            json.WriteStartArray("ledger");
            foreach (LedgerEntry entry in terms.Entries)
            {
                json.WriteStartObject();
                json.WriteString("term", entry.Name);
                json.WriteNumber("nats", entry.Nats);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteNumber("non_finite", result.NonFinite);
        json.WriteFinite("largest_inverse_error", result.LargestInverseError ?? 0);
        if (baselines is not null)
        {
            json.WriteStartObject("baselines");
            json.WriteNumber("global_histogram", baselines.GlobalHistogram);
            json.WriteNumber("pixel_histogram", baselines.PixelHistogram);
            json.WriteEndObject();
        }

        json.WriteString("data", images.Name);
        json.WriteString("data_sha256", images.Sha256);
        json.WriteString("trained_on", trained.TrainedOn?.Source);
        json.WriteString("trained_on_sha256", trained.TrainedOn?.Sha256);
        json.WriteString("checkpoint", trained.Path);
        json.WriteString("device", trained.Model.Backend.Name);
        json.WriteString("products", DeviceChoice.Products(trained.Model.Backend));
    });
}
