using TinyFlow.Nvp.Data;

namespace TinyFlow.Nvp.Evaluation;

/// <summary>
/// Bits per dimension of two models that know nothing of digits, to be printed next to a flow's: it must do better than
/// these to have learned anything. Both are exact likelihoods of the 8-bit pixels. On MNIST they reach 1.967 and 1.690,
/// fitted on all 60,000 training images.
/// </summary>
/// <param name="GlobalHistogram">One histogram of 256 values for all pixels.</param>
/// <param name="PixelHistogram">A histogram for each pixel's place, all independent.</param>
public sealed record Baselines(double GlobalHistogram, double PixelHistogram)
{
    private const int Levels = 256;

    // Laplace's rule: a value that was never seen in training keeps a probability.
    private const double Smoothing = 1;

    /// <summary>Fits both on training images, and measures them on others of the same size.</summary>
    /// <exception cref="ArgumentException">The images are not of one size, or there are none.</exception>
    public static Baselines Measure(ImageSet training, ImageSet images)
    {
        if (training.Dimensions != images.Dimensions || training.Count == 0 || images.Count == 0)
        {
            throw new ArgumentException($"Baselines: cannot fit '{training}' and measure on '{images}'; both need images, of one size.");
        }

        int[] seen = CountValues(training), asked = CountValues(images);
        double perPixel = 0;
        int[] seenAnywhere = new int[Levels], askedAnywhere = new int[Levels];
        for (int start = 0; start < seen.Length; start += Levels)
        {
            ReadOnlySpan<int> seenHere = seen.AsSpan(start, Levels), askedHere = asked.AsSpan(start, Levels);
            perPixel += Bits(seenHere, askedHere);
            for (int level = 0; level < Levels; level++)
            {
                seenAnywhere[level] += seenHere[level];
                askedAnywhere[level] += askedHere[level];
            }
        }

        double dimensions = (double)images.Count * images.Dimensions;
        return new Baselines(Bits(seenAnywhere, askedAnywhere) / dimensions, perPixel / dimensions);
    }

    // How often each value stands at each pixel: [D, 256].
    private static int[] CountValues(ImageSet images)
    {
        int[] counts = new int[images.Dimensions * Levels];
        for (int image = 0; image < images.Count; image++)
        {
            ReadOnlySpan<byte> pixels = images.Image(image);
            for (int d = 0; d < pixels.Length; d++)
            {
                counts[d * Levels + pixels[d]]++;
            }
        }

        return counts;
    }

    // The code length of the asked values under the histogram of the seen ones.
    private static double Bits(ReadOnlySpan<int> seen, ReadOnlySpan<int> asked)
    {
        double total = Smoothing * Levels;
        foreach (int count in seen)
        {
            total += count;
        }

        double bits = 0;
        for (int level = 0; level < Levels; level++)
        {
            bits -= asked[level] * Math.Log2((seen[level] + Smoothing) / total);
        }

        return bits;
    }
}
