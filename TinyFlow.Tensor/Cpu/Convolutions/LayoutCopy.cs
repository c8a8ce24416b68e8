using TinyFlow.Cpu.Threads;

namespace TinyFlow.Cpu.Convolutions;

/// <summary>Copies images from one layout to another, or adds them.</summary>
internal readonly unsafe struct LayoutCopy(ActivationView from, ActivationView to, int images, int channels, int pixels, bool adds = false) : IWork
{
    /// <summary>One piece an image.</summary>
    public int Pieces => images;

    /// <inheritdoc/>
    public void Run(int piece, int worker)
    {
        float* source = from.Image(piece), target = to.Image(piece);
        if (from.ChannelStride == 1 && to.PixelStride == 1)
        {
            Transposition.Run(source, from.PixelStride, target, to.ChannelStride, pixels, channels, adds);
        }
        else if (from.PixelStride == 1 && to.ChannelStride == 1)
        {
            Transposition.Run(source, from.ChannelStride, target, to.PixelStride, channels, pixels, adds);
        }
        else if (adds)
        {
            // One layout on both sides.
            for (nint i = 0; i < from.ImageStride; i++)
            {
                target[i] += source[i];
            }
        }
        else
        {
            new ReadOnlySpan<float>(source, checked((int)from.ImageStride)).CopyTo(new Span<float>(target, checked((int)to.ImageStride)));
        }
    }
}
