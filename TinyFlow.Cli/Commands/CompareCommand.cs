using System.CommandLine;
using System.Globalization;
using TinyFlow.Cli.Devices;
using TinyFlow.Cli.Training;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;

namespace TinyFlow.Cli.Commands;

/// <summary>tinyflow compare.</summary>
internal static class CompareCommand
{
    // Two standard errors: one in twenty differences of nothing at all looks as large.
    private const double Significant = 2;

    public static Command Create()
    {
        Argument<string> first = CommonOptions.RequiredRun("RUN_A");
        Option<string?> data = CommonOptions.EvaluationData();
        Option<string?> split = CommonOptions.Split($"{CommonOptions.Validation} if both models were trained on the training part of these images, else {CommonOptions.Test}");
        Option<int> draws = CommonOptions.NoiseDraws();
        Option<ulong> seed = CommonOptions.Seed("Of the noise.");
        Option<bool> json = CommonOptions.Json();
        Command command = new("compare", "Compare two models image by image, with the same noise, on all validation or test images.") { data, split, draws, seed, json };
        DeviceOptions device = DeviceOptions.AddTo(command);
        ModelChoice second = ModelChoice.AddTo(command, isSecond: true);
        command.Arguments.Insert(0, first);
        command.SetAction(parsed =>
        {
            RunLocation locationOfA = second.Find(parsed, parsed.GetValue(first)), locationOfB = second.Find(parsed);
            using IBackend backend = DeviceChoice.Open(device.Of(parsed));
            using TrainedModel a = TrainedModel.Load(locationOfA, backend), b = TrainedModel.Load(locationOfB, backend);
            DataSource source = a.Images(parsed.GetValue(data));

            // While models are still being chosen between, the test images must not decide.
            string chosen = parsed.GetValue(split) ?? (a.WasTrainedOn(source) && b.WasTrainedOn(source) ? CommonOptions.Validation : CommonOptions.Test);

            // The model that a warning is about: of validation images that which was not trained on the others, of all that which was.
            ImageSet images = (a.WasTrainedOn(source) == (chosen == CommonOptions.All) ? a : b).Split(source, chosen);
            using Interruption interruption = new(() => { }, () => { });
            EvaluationSettings settings = new() { NoiseDraws = parsed.GetValue(draws), Seed = parsed.GetValue(seed) };
            EvaluationResult ofA = Evaluator.Evaluate(a.Model, images, settings, interruption.Token).RequireFinite(a.Path);
            EvaluationResult ofB = Evaluator.Evaluate(b.Model, images, settings, interruption.Token).RequireFinite(b.Path);
            if ((ofA.NotRecorded ?? ofB.NotRecorded) is { } reason)
            {
                Console.Error.WriteLine(DeviceChoice.NotRecorded("Batches", reason));
            }

            PairedComparison comparison = PairedComparison.Of(ofA, ofB);
            Console.WriteLine(parsed.GetValue(json) ? ToJson(a, ofA, b, ofB, comparison, images, chosen, settings.Seed) : ToText(a, ofA, b, ofB, comparison, images));
            return ExitCode.Success;
        });
        return command;
    }

    private static string ToText(TrainedModel a, EvaluationResult ofA, TrainedModel b, EvaluationResult ofB, PairedComparison comparison, ImageSet images)
    {
        string Figure(EvaluationResult result) => string.Create(CultureInfo.InvariantCulture, $"{result.BitsPerDim:F4} ± {result.StandardError:F4} bits_per_dim");
        string digits = comparison.StandardError is > 0 and < 1e-3 ? $"F{(int)Math.Ceiling(-Math.Log10(comparison.StandardError)) + 1}" : "F4";
        string Precise(double value) => value.ToString(digits, CultureInfo.InvariantCulture);
        return string.Join(
            Environment.NewLine,
            $"A                {a.Path}",
            $"B                {b.Path}",
            $"images           {images.Name}: all {ofA.Images}, SHA-256 {images.Sha256}; noise draws {ofA.NoiseDraws}",
            $"A                {Figure(ofA)}",
            $"B                {Figure(ofB)}",
            $"B - A            {Precise(comparison.Difference)} ± {Precise(comparison.StandardError)}, in pairs over the images",
            string.Create(CultureInfo.InvariantCulture, $"A is better on   {comparison.BetterByFirst:P1} of the images"),
            Verdict(comparison));
    }

    private static string Verdict(PairedComparison comparison) => comparison switch
    {
        { StandardError: not (>= 0 and < double.PositiveInfinity) } => "One image says nothing: its difference has no known error.",
        { Difference: var difference, StandardError: var error } when Math.Abs(difference) <= Significant * error => "No clear difference: it is within two standard errors.",
        { Difference: < 0 } => "B is better.",
        _ => "A is better.",
    };

    private static string ToJson(TrainedModel a, EvaluationResult ofA, TrainedModel b, EvaluationResult ofB, PairedComparison comparison, ImageSet images, string split, ulong seed) => JsonText.Object(json =>
    {
        foreach ((string name, TrainedModel model, EvaluationResult result) in ((string, TrainedModel, EvaluationResult)[])[("a", a, ofA), ("b", b, ofB)])
        {
            json.WriteStartObject(name);
            json.WriteString("checkpoint", model.Path);
            json.WriteNumber("bits_per_dim", result.BitsPerDim);
            json.WriteFinite("standard_error", result.StandardError);
            json.WriteEndObject();
        }

        json.WriteNumber("difference", comparison.Difference);
        json.WriteFinite("standard_error", comparison.StandardError);
        json.WriteNumber("a_is_better", comparison.BetterByFirst);
        json.WriteNumber("images", ofA.Images);
        json.WriteString("split", split);
        json.WriteNumber("noise_draws", ofA.NoiseDraws);
        json.WriteNumber("seed", seed);
        json.WriteString("data", images.Name);
        json.WriteString("data_sha256", images.Sha256);
    });
}
