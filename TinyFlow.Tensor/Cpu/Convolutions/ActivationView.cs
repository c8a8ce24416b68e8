using TinyFlow.Cpu.Pixels;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>Where the value of a pixel and channel of an image lies, in either layout; distances in elements.</summary>
internal readonly unsafe struct ActivationView(float* data, int channels, int pixels, bool channelsLast)
{
    public float* Data { get; } = data;

    public nint ImageStride { get; } = (nint)channels * pixels;

    public nint PixelStride { get; } = channelsLast ? channels : 1;

    public nint ChannelStride { get; } = channelsLast ? 1 : pixels;

    /// <summary>Whether the channels of a pixel lie side by side, and pixels one after the other.</summary>
    public bool IsChannelsLast { get; } = channelsLast || channels == 1 || pixels == 1;

    /// <summary>What a convolution does to each value that it reads, if anything; only of images that are held channels last.</summary>
    public PixelCoefficients Entry { get; init; }

    /// <summary>From an image's coefficients to the next one's; 0 if all share theirs.</summary>
    public nint EntryStride { get; init; }

    /// <summary>Where the moments of what a convolution writes go, if they are asked for; only of images that are held channels last.</summary>
    public ChunkSums Moments { get; init; }

    /// <summary>Whether the moments of what is written are asked for.</summary>
    public bool IsMeasured => Moments.First is not null;

    /// <summary>Whether what is read has to be normalized.</summary>
    public bool IsNormalizedOnEntry => Entry.Mean is not null;

    public PixelCoefficients EntryOf(int image)
    {
        nint distance = image * EntryStride;
        return Entry with { Mean = Entry.Mean + distance, Scale = Entry.Scale + distance, Shift = Entry.Shift + distance };
    }

    public float* Image(int image) => Data + image * ImageStride;
}
