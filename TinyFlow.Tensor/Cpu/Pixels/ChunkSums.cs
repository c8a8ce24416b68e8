using TinyFlow.Cpu.Convolutions;
using TinyFlow.Cpu.Vectors;

namespace TinyFlow.Cpu.Pixels;

/// <summary>
/// Two numbers for each chunk and channel of images that are held channels last: mean and sum of squared distances from it, or
/// the two sums of a normalization's gradient; and their totals.
/// </summary>
internal readonly unsafe struct ChunkSums(PixelChunks chunks, float* memory)
{
    /// <summary>For how many channels a caller has totals made at a time, on its stack.</summary>
    public const int Block = 64;

    /// <summary>How the images are cut.</summary>
    public PixelChunks Chunks { get; } = chunks;

    /// <summary>[chunk, padded channel].</summary>
    public float* First { get; } = memory;

    /// <summary>The same.</summary>
    public float* Second { get; } = memory + (nint)chunks.Count * chunks.PaddedChannels;

    /// <summary>In elements.</summary>
    public static long Length(PixelChunks chunks) => 2L * chunks.Count * chunks.PaddedChannels;

    /// <summary>
    /// Puts the moments of vectors of channels of a chunk where they belong, given the images. The last vector may be partial: what
    /// is beyond the last channel goes to padding.
    /// </summary>
    public void TakeMoments<T>(float* images, int chunk, int firstChannel, int vectors) where T : struct, ILanes<T>
    {
        long first = Chunks.Start(chunk);
        int pixels = (int)(Chunks.Start(chunk + 1) - first), stride = Chunks.Channels;
        float* x = images + first * stride + firstChannel;
        nint place = (nint)chunk * Chunks.PaddedChannels + firstChannel;
        float* means = First + place, squares = Second + place;
        int vector = 0;
        for (; vector + 4 <= vectors; vector += 4)
        {
            PixelLoops<T, Four>.Moments(x + vector * T.Count, stride, pixels, means + vector * T.Count, squares + vector * T.Count);
        }

        for (; vector + 2 <= vectors; vector += 2)
        {
            PixelLoops<T, Two>.Moments(x + vector * T.Count, stride, pixels, means + vector * T.Count, squares + vector * T.Count);
        }

        if (vector < vectors)
        {
            PixelLoops<T, One>.Moments(x + vector * T.Count, stride, pixels, means + vector * T.Count, squares + vector * T.Count);
        }
    }

    /// <summary>The moments of channels from a first one on over all chunks, put together without cancellation (Chan, Golub and LeVeque 1979).</summary>
    public void TotalMoments(int firstChannel, Span<double> means, Span<double> squares)
    {
        means.Clear();
        squares.Clear();
        double count = 0;
        for (int chunk = 0; chunk < Chunks.Count; chunk++)
        {
            // Channels within chunks: one division for all of them.
            double pixels = Chunks.Start(chunk + 1) - Chunks.Start(chunk), share = pixels / (count + pixels), weight = count * share;
            nint place = (nint)chunk * Chunks.PaddedChannels + firstChannel;
            for (int c = 0; c < means.Length; c++)
            {
                double distance = First[place + c] - means[c];
                means[c] += distance * share;
                squares[c] += Second[place + c] + distance * distance * weight;
            }

            count += pixels;
        }
    }

    /// <summary>The sums of channels from a first one on over all chunks.</summary>
    public void Total(int firstChannel, Span<double> firsts, Span<double> seconds)
    {
        firsts.Clear();
        seconds.Clear();
        for (int chunk = 0; chunk < Chunks.Count; chunk++)
        {
            nint place = (nint)chunk * Chunks.PaddedChannels + firstChannel;
            for (int c = 0; c < firsts.Length; c++)
            {
                firsts[c] += First[place + c];
                seconds[c] += Second[place + c];
            }
        }
    }
}
