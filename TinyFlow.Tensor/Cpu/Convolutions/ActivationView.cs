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

    public float* Image(int image) => Data + image * ImageStride;
}
