using TinyFlow.Nvp.Data;
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
    /// <param name="noiseDraws">Draws of dequantization noise an image.</param>
    /// <param name="seed">Another seed, other noise.</param>
    /// <param name="cancellation">Ends the evaluation with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">The images are of another size than the model's, or there are none.</exception>
    public static EvaluationResult Evaluate(
        FlowModel model, ImageSet images, int noiseDraws = 1, ulong seed = 0, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(noiseDraws, 1);
        RequireSize(model, images);
        double[] perImage = new double[images.Count];
        int[] indices = new int[BatchSize];
        for (int first = 0; first < images.Count; first += BatchSize)
        {
            int count = Math.Min(BatchSize, images.Count - first);
            for (int i = 0; i < count; i++)
            {
                indices[i] = first + i;
            }

            for (int draw = 0; draw < noiseDraws; draw++)
            {
                cancellation.ThrowIfCancellationRequested();
                using Tensor x = Dequantization.Of(
                    model.Backend, images, indices.AsSpan(0, count), images.Pixels.Slice(first * images.Dimensions, count * images.Dimensions),
                    new NoiseKey(seed, NoiseStreams.Evaluation(draw)), "images to evaluate");
                double[] bits = model.BitsPerDim(x);
                for (int i = 0; i < count; i++)
                {
                    perImage[first + i] += bits[i] / noiseDraws;
                }
            }
        }

        double mean = perImage.Average();
        double deviation = images.Count > 1 ? Math.Sqrt(perImage.Sum(bits => (bits - mean) * (bits - mean)) / (images.Count - 1)) : double.NaN;
        return new EvaluationResult(
            mean * images.Dimensions * Math.Log(2), mean, deviation / Math.Sqrt(images.Count), images.Count, noiseDraws, perImage);
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
}
