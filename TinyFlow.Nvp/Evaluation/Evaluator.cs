using TinyFlow.Autograd;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Nvp.Evaluation;

/// <summary>Measures bits per dimension over a whole set of images.</summary>
public static class Evaluator
{
    // Activations of so many images are alive at a time; an image's figure does not depend on it.
    private const int BatchSize = 100;

    /// <summary>
    /// −log p(x) + D·log 256 of every image, averaged over noise draws, with running statistics, so that each image's
    /// figure depends on that image alone. Sums are in float64.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="images">What to measure it on; all of them.</param>
    /// <param name="settings">How; by default with one draw of noise.</param>
    /// <param name="cancellation">Ends the evaluation with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">The images are of another size than the model's, or there are none.</exception>
    public static EvaluationResult Evaluate(FlowModel model, ImageSet images, EvaluationSettings? settings = null, CancellationToken cancellation = default) =>
        Evaluate(model, images, settings, records: true, cancellation);

    /// <summary>The same; the results do not depend on whether a backend that can record a batch does.</summary>
    internal static EvaluationResult Evaluate(FlowModel model, ImageSet images, EvaluationSettings? settings, bool records, CancellationToken cancellation = default)
    {
        settings ??= new EvaluationSettings();
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.NoiseDraws, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.ImportanceSamples, 1);
        RequireSize(model, images);
        double[] mean = new double[images.Count];
        LogMeanExp[] weighted = new LogMeanExp[settings.ImportanceSamples > 1 ? images.Count : 0];
        LedgerSums? ledger = settings.WithLedger ? new LedgerSums() : null;
        double largestError = 0;
        using EvaluationProgram program = new(model, images, BatchSize, settings.Seed, records);
        foreach (IReadOnlyList<EvaluationBatch> batches in Runs(images.Count, settings, program.BatchesAhead))
        {
            cancellation.ThrowIfCancellationRequested();
            double[][] logProbs = IsLookedAt(batches[0], settings)
                ? [LookAt(model, program, batches[0], settings, ledger, ref largestError)]
                : program.LogProb(batches);
            foreach ((EvaluationBatch batch, double[] logProb) in batches.Zip(logProbs))
            {
                for (int i = 0; i < batch.Count; i++)
                {
                    mean[batch.First + i] += batch.Draw < settings.NoiseDraws ? logProb[i] / settings.NoiseDraws : 0;
                    if (weighted.Length > 0 && batch.Draw < settings.ImportanceSamples)
                    {
                        weighted[batch.First + i] = weighted[batch.First + i].With(logProb[i]);
                    }
                }
            }
        }

        double[] bits = Array.ConvertAll(mean, logProb => Likelihood.BitsPerDim(logProb, images.Dimensions));
        (double bitsPerDim, double standardError) = EvaluationResult.Statistics(bits);
        return new EvaluationResult
        {
            Nll = bitsPerDim * images.Dimensions * Math.Log(2),
            BitsPerDim = bitsPerDim,
            StandardError = standardError,
            NoiseDraws = settings.NoiseDraws,
            PerImage = bits,
            Importance = weighted.Length == 0 ? null : Bound(weighted, settings.ImportanceSamples, images.Dimensions),
            Ledger = ledger?.Means(images.Dimensions),
            LargestInverseError = settings.InverseChecks > 0 ? largestError : null,
            NotRecorded = program.NotRecorded,
        };
    }

    /// <summary>Checks that images are of a model's size.</summary>
    /// <exception cref="ArgumentException">They are not, or there are none.</exception>
    internal static void RequireSize(FlowModel model, ImageSet images)
    {
        ModelConfig config = model.Config;
        if ((images.Channels, images.Height, images.Width) != (config.Channels, config.Height, config.Width) || images.Count == 0)
        {
            throw new ArgumentException(
                $"The model is for images of {config.Channels}x{config.Height}x{config.Width}, but {images.Name} has {images.Count} of " +
                $"{images.Channels}x{images.Height}x{images.Width}. Choose other data or another model.");
        }
    }

    /// <summary>The largest |a − b|; NaN if any difference is.</summary>
    internal static double LargestDifference(Tensor a, Tensor b) => a.ToDoubles().Zip(b.ToDoubles(), (x, y) => Math.Abs(x - y)).Aggregate(0.0, Math.Max);

    // All draws of each batch of images: in runs of one size, and alone where the host looks at more than likelihoods.
    private static IEnumerable<IReadOnlyList<EvaluationBatch>> Runs(int images, EvaluationSettings settings, int most)
    {
        List<EvaluationBatch> run = [];
        for (int first = 0; first < images; first += BatchSize)
        {
            for (int draw = 0; draw < Math.Max(settings.NoiseDraws, settings.ImportanceSamples); draw++)
            {
                EvaluationBatch batch = new(first, Math.Min(BatchSize, images - first), draw);
                if (run.Count > 0 && (run.Count == most || run[0].Count != batch.Count || IsLookedAt(run[0], settings) || IsLookedAt(batch, settings)))
                {
                    yield return run;
                    run = [];
                }

                run.Add(batch);
            }
        }

        yield return run;
    }

    private static bool IsLookedAt(EvaluationBatch batch, EvaluationSettings settings) =>
        (batch.Draw == 0 && batch.First < settings.InverseChecks) || (settings.WithLedger && batch.Draw < settings.NoiseDraws);

    // log p of each image of a batch; terms are noted, and the first few images are also reconstructed from their z.
    private static double[] LookAt(FlowModel model, EvaluationProgram program, EvaluationBatch batch, EvaluationSettings settings, LedgerSums? ledger, ref double largestError)
    {
        int inverses = batch.Draw == 0 ? settings.InverseChecks - batch.First : 0;
        ledger = batch.Draw < settings.NoiseDraws ? ledger : null;
        using Tensor x = program.Images(batch);
        using Tape tape = new(model.Backend, recording: false);
        List<(string, double[])> steps = [];
        FlowTerms terms = model.ForwardNoting(tape.Constant(x), Pass.Evaluation, ledger is null ? null : (name, logDet) => steps.Add((name, logDet.Value.ToDoubles())));
        ledger?.Add(steps, terms.LogProbZ);
        if (inverses > 0)
        {
            int count = Math.Min(inverses, x.Shape[0]);
            using Tensor z = FirstOf(terms.Z.Value, count), wanted = FirstOf(x, count), back = model.Decode(z);
            largestError = Math.Max(largestError, LargestDifference(wanted, back));
        }

        return [.. terms.LogProbZ.Value.ToDoubles().Zip(terms.LogDet.Value.ToDoubles(), (logProbZ, logDet) => logProbZ + logDet)];
    }

    private static Tensor FirstOf(Tensor images, int count) => images.Section(0, [count, images.Shape[1], images.Shape[2], images.Shape[3]]);

    private static ImportanceBound Bound(LogMeanExp[] weighted, int samples, int dimensions)
    {
        (double mean, double standardError) = EvaluationResult.Statistics(Array.ConvertAll(weighted, sum => Likelihood.BitsPerDim(sum.Value, dimensions)));
        return new ImportanceBound(samples, mean, standardError);
    }
}
