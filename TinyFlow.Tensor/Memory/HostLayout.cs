namespace TinyFlow.Memory;

/// <summary>
/// In which order a storage holds its elements: plain (row-major), or as images [N, C, H, W] with the channels last,
/// [N, H·W, C]: the values are the same, and whoever asks for them plainly gets them so.
/// </summary>
/// <param name="Channels">C, or 0 if plain.</param>
/// <param name="Pixels">H·W, or 0 if plain.</param>
internal readonly record struct HostLayout(int Channels, int Pixels)
{
    /// <summary>Row-major.</summary>
    public static HostLayout Plain => default;

    /// <summary>Whether the order is row-major.</summary>
    public bool IsPlain => Channels == 0;

    /// <summary>Of a storage whose memory is gone. No shape has it, and it is not plain, so that every way to the elements notices.</summary>
    public static HostLayout Released => new(-1, -1);

    /// <summary>The channels of a pixel side by side, for a tensor [N, C, H, W].</summary>
    public static HostLayout ChannelsLast(Shape shape) => new(shape[1], shape[2] * shape[3]);

    /// <summary>Where, in the order in which the elements are held, the one lies that is number <paramref name="element"/> in plain order.</summary>
    public long PlaceOf(long element)
    {
        if (IsPlain)
        {
            return element;
        }

        (long row, long pixel) = Math.DivRem(element, Pixels);
        (long image, long channel) = Math.DivRem(row, Channels);
        return (image * Pixels + pixel) * Channels + channel;
    }
}
