using System.Text;

namespace TinyFlow.Nvp;

/// <summary>
/// Which Philox stream serves which purpose. The highest byte names the purpose, the rest counts within it, so that no
/// two uses of one seed ever share numbers.
/// </summary>
public static class NoiseStreams
{
    private const int PurposeShift = 56;
    private const ulong CountMask = (1UL << PurposeShift) - 1;

    /// <summary>The stream that initializes the parameter of this name: a hash of the name (FNV-1a, 64 bits).</summary>
    public static ulong Initialization(string name)
    {
        const ulong OffsetBasis = 14695981039346656037, Prime = 1099511628211;
        ulong hash = OffsetBasis;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
        {
            hash = unchecked((hash ^ b) * Prime);
        }

        return Of(1, hash);
    }

    /// <summary>Dequantization noise of a training epoch, drawn afresh each epoch.</summary>
    public static ulong Dequantization(int epoch) => Of(2, (ulong)epoch);

    /// <summary>Dequantization noise of an evaluation; each draw has its own.</summary>
    public static ulong Evaluation(int draw) => Of(3, (ulong)draw);

    /// <summary>The order of the images in a training epoch.</summary>
    public static ulong Order(int epoch) => Of(4, (ulong)epoch);

    /// <summary>Latent variables of samples.</summary>
    public static ulong Sampling => Of(5, 0);

    /// <summary>Which images are mirrored in a training epoch.</summary>
    public static ulong Flips(int epoch) => Of(6, (ulong)epoch);

    private static ulong Of(ulong purpose, ulong count) => (purpose << PurposeShift) | (count & CountMask);
}
