using TinyFlow.Cpu.Convolutions;

namespace TinyFlow.Cpu.Couplings;

/// <summary>
/// The operands of a coupling that maps each changed element by itself, as addresses and distances in elements: images in
/// plain order, and the net's result in that order too, or channels last; then it is turned image by image, in scratch memory.
/// </summary>
internal readonly unsafe struct ElementOperands(float* input, float* net, bool netIsChannelsLast, Shape x, ChannelRange changed, int parametersEach)
{
    /// <summary>x going forward, y going back.</summary>
    public float* Input { get; } = input;

    public float* Net { get; } = net;

    public bool NetIsChannelsLast { get; } = netIsChannelsLast;

    public int Images { get; } = x[0];

    /// <summary>The parameters of a changed element.</summary>
    public int ParametersEach { get; } = parametersEach;

    /// <summary>The elements of an image.</summary>
    public long Image { get; } = (long)x[1] * x[2] * x[3];

    /// <summary>The changed elements of an image, which lie side by side from <see cref="First"/> on; also how far a parameter is from the next.</summary>
    public long Changed { get; } = (long)changed.Count * x[2] * x[3];

    public long First { get; } = (long)changed.First * x[2] * x[3];

    /// <summary>The parameters of an image.</summary>
    public long Parameters => ParametersEach * Changed;

    private int Pixels { get; } = x[2] * x[3];

    private int NetChannels => (int)(Parameters / Pixels);

    /// <summary>The parameters of a register of elements, whose first is at an address.</summary>
    public ElementParameters At(float* first, float* scratch) => new(first, (nint)Changed, ParametersEach, scratch);

    /// <summary>An image's parameters in plain order: where they are held, or turned into scratch memory of <see cref="Parameters"/> elements.</summary>
    public float* NetOf(long image, float* scratch)
    {
        float* held = Net + image * Parameters;
        if (!NetIsChannelsLast)
        {
            return held;
        }

        Transposition.Run(held, NetChannels, scratch, Pixels, Pixels, NetChannels, adds: false);
        return scratch;
    }

    /// <summary>Turns an image's gradients of parameters from plain order, or adds them.</summary>
    public void PutNetOf(long image, float* plain, float* net, bool adds) =>
        Transposition.Run(plain, Pixels, net + image * Parameters, NetChannels, NetChannels, Pixels, adds);

    /// <summary>Copies what is not changed of an image, or adds it.</summary>
    public void Keep(long image, float* from, float* to, bool adds)
    {
        Keep(from + image * Image, to + image * Image, First, adds);
        long end = image * Image + First + Changed;
        Keep(from + end, to + end, Image - First - Changed, adds);
    }

    private static void Keep(float* from, float* to, long count, bool adds)
    {
        Span<float> target = new(to, checked((int)count));
        ReadOnlySpan<float> source = new(from, target.Length);
        if (!adds)
        {
            source.CopyTo(target);
            return;
        }

        for (int i = 0; i < target.Length; i++)
        {
            target[i] += source[i];
        }
    }
}
