using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using TinyFlow.Cli.Training;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Cli.Commands;

/// <summary>tinyflow eval.</summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        Argument<string?> run = CommonOptions.Run();
        Option<string?> data = new("--data") { Description = "Images: mini, or a folder with the four MNIST files [default: what the model was trained on].", HelpName = "mini|DIR" };
        Option<int> draws = CommonOptions.AtLeast(new Option<int>("--noise-draws") { Description = "Draws of dequantization noise an image, over which log p is averaged.", DefaultValueFactory = _ => 1, HelpName = "K" }, 1);
        Option<ulong> seed = CommonOptions.Seed("Of the noise.");
        Option<bool> json = new("--json") { Description = "One JSON object alone on standard output." };
        Option<int?> threads = CommonOptions.Threads();
        Option<string> device = CommonOptions.Device();
        Command command = new("eval", "Measure exact bits per dimension on all test images, beside two baselines.") { run, data, draws, seed, json, threads, device };
        command.SetAction(parsed =>
        {
            RunLocation location = RunFolder.Find(parsed.GetValue(run));
            Checkpoint checkpoint = Checkpoint.LoadModel(location.Checkpoint);
            DataConfig? trainedOn = checkpoint.Configuration is { } settings ? RunConfig.FromJson(settings).Data : null;
            using IBackend backend = CommonOptions.Backend(parsed.GetValue(device)!, parsed.GetValue(threads));
            using FlowModel model = ModelLoading.Load(checkpoint, backend);
            DataSource source = DataSource.Open(parsed.GetValue(data) ?? SourceOf(trainedOn));
            ImageSet test = source.Test();
            using Interruption interruption = new(() => { });
            EvaluationResult result = Evaluator.Evaluate(model, test, parsed.GetValue(draws), parsed.GetValue(seed), cancellation: interruption.Token);
            if (!double.IsFinite(result.BitsPerDim))
            {
                int bad = result.PerImage.Count(bits => !double.IsFinite(bits));
                throw new InvalidOperationException($"{bad} of {result.Images} images have no finite likelihood under {location.Checkpoint}; there is no honest mean to report.");
            }

            Baselines baselines = Baselines.Measure(source.Published, test);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(ToJson(result, baselines, test, location.Checkpoint, trainedOn));
            }
            else
            {
                Print(result, baselines, test, location.Checkpoint, trainedOn);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static string SourceOf(DataConfig? trainedOn) => trainedOn?.Source switch
    {
        null => DataSource.Mini,
        var source when source == DataSource.Mini || Directory.Exists(source) => source,
        var source => throw new UsageException($"The model was trained on the images in {source}, which is no folder here. Say with --data what to measure it on."),
    };

    private static void Print(EvaluationResult result, Baselines baselines, ImageSet test, string checkpoint, DataConfig? trainedOn)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        Console.WriteLine($"model                    {checkpoint}");
        Console.WriteLine($"images                   {test.Name}: all {result.Images}, SHA-256 {test.Sha256}");
        Console.WriteLine($"trained on               {(trainedOn is null ? "unknown: the checkpoint does not say" : $"{trainedOn.Source}, SHA-256 {trainedOn.Sha256}")}");
        Console.WriteLine(string.Create(invariant, $"nll                      {result.Nll:F3} nats an image"));
        Console.WriteLine(string.Create(invariant, $"bits_per_dim             {result.BitsPerDim:F4}"));
        Console.WriteLine($"standard_error           {(double.IsFinite(result.StandardError) ? result.StandardError.ToString("F4", invariant) : "unknown: two images at least are needed")}");
        Console.WriteLine(string.Create(invariant, $"noise_draws              {result.NoiseDraws}"));
        Console.WriteLine(string.Create(invariant, $"baseline: one histogram of all pixels        {baselines.GlobalHistogram:F4} bits_per_dim"));
        Console.WriteLine(string.Create(invariant, $"baseline: a histogram for each pixel         {baselines.PixelHistogram:F4} bits_per_dim"));
        Console.WriteLine("The model's figure is an upper bound on its code length, by uniform dequantization; the baselines' are exact.");
    }

    private static string ToJson(EvaluationResult result, Baselines baselines, ImageSet test, string checkpoint, DataConfig? trainedOn)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("nll", result.Nll);
            json.WriteNumber("bits_per_dim", result.BitsPerDim);
            if (double.IsFinite(result.StandardError))
            {
                json.WriteNumber("standard_error", result.StandardError);
            }
            else
            {
                json.WriteNull("standard_error");
            }

            json.WriteNumber("images", result.Images);
            json.WriteNumber("noise_draws", result.NoiseDraws);
            json.WriteStartObject("baselines");
            json.WriteNumber("global_histogram", baselines.GlobalHistogram);
            json.WriteNumber("pixel_histogram", baselines.PixelHistogram);
            json.WriteEndObject();
            json.WriteString("data", test.Name);
            json.WriteString("data_sha256", test.Sha256);
            json.WriteString("trained_on", trainedOn?.Source);
            json.WriteString("trained_on_sha256", trainedOn?.Sha256);
            json.WriteString("checkpoint", checkpoint);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
