using TinyFlow.Cpu.Threads;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>Copies images from one layout to another, or adds them, in tiles that both sides' cache lines fill.</summary>
internal readonly unsafe struct LayoutCopy(ActivationView from, ActivationView to, int images, int channels, int pixels, bool adds = false) : IWork
{
    private const int Side = 16;

    /// <summary>One piece an image.</summary>
    public int Pieces => images;

    /// <inheritdoc/>
    public void Run(int piece, int worker)
    {
        float* source = from.Image(piece), target = to.Image(piece);
        for (int firstPixel = 0; firstPixel < pixels; firstPixel += Side)
        {
            int endPixel = Math.Min(firstPixel + Side, pixels);
            for (int firstChannel = 0; firstChannel < channels; firstChannel += Side)
            {
                int endChannel = Math.Min(firstChannel + Side, channels);
                for (int pixel = firstPixel; pixel < endPixel; pixel++)
                {
                    float* read = source + pixel * from.PixelStride, write = target + pixel * to.PixelStride;
                    for (int channel = firstChannel; channel < endChannel; channel++)
                    {
                        float value = read[channel * from.ChannelStride];
                        float* place = write + channel * to.ChannelStride;
                        *place = adds ? *place + value : value;
                    }
                }
            }
        }
    }
}
