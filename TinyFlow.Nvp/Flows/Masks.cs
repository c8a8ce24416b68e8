namespace TinyFlow.Nvp.Flows;

/// <summary>
/// The masks of affine couplings, as [C, H, W] row-major numbers: 1 where the coupling changes its input, 0 where it
/// passes it on.
/// </summary>
public static class Masks
{
    /// <summary>1 where row + column is even, or odd if inverted; the same in all channels (Dinh et al. 2017, section 3.4).</summary>
    public static float[] Checkerboard(Shape image, bool inverted = false) => Of(image, (_, row, column) => (row + column) % 2 == 0 != inverted);

    /// <summary>1 where channel + row + column is even, or odd if inverted: neighbouring channels are at odds, too (B. Keng).</summary>
    public static float[] CheckerboardOfChannels(Shape image, bool inverted = false) =>
        Of(image, (channel, row, column) => (channel + row + column) % 2 == 0 != inverted);

    /// <summary>1 in the first half of the channels, or in the second if inverted, in all pixels.</summary>
    public static float[] HalfOfChannels(Shape image, bool inverted = false) => Channels(image, channel => channel < image[0] / 2 != inverted);

    /// <summary>1 in the channels chosen, in all pixels.</summary>
    public static float[] Channels(Shape image, Func<int, bool> isChanged) => Of(image, (channel, _, _) => isChanged(channel));

    /// <summary>1 − mask.</summary>
    public static float[] Invert(float[] mask) => Array.ConvertAll(mask, value => 1 - value);

    private static float[] Of(Shape image, Func<int, int, int, bool> isChanged)
    {
        if (image.Rank != 3)
        {
            throw new ArgumentException($"Masks: need an image shape [C, H, W]; found {image}.");
        }

        float[] mask = new float[image.Count];
        int i = 0;
        for (int channel = 0; channel < image[0]; channel++)
        {
            for (int row = 0; row < image[1]; row++)
            {
                for (int column = 0; column < image[2]; column++)
                {
                    mask[i++] = isChanged(channel, row, column) ? 1 : 0;
                }
            }
        }

        return mask;
    }
}
