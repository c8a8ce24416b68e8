namespace TinyFlow;

/// <summary>Where the elements of x [N, C, H, W] that a coupling changes have their parameters in h [N, P·C', H, W].</summary>
internal readonly struct ElementPlaces(Shape x, Shape h, ChannelRange changed)
{
    private readonly int _channels = x[1], _pixels = x[2] * x[3], _parameters = h[1];

    /// <summary>From a parameter of an element to its next.</summary>
    public int Stride { get; } = changed.Count * x[2] * x[3];

    /// <summary>P, the parameters of a changed element.</summary>
    public int ParametersEach { get; } = h[1] / changed.Count;

    /// <summary>Whether an element of x is changed, and where its parameters begin.</summary>
    public bool IsChanged(int element, out int image, out int first)
    {
        (int row, int pixel) = Math.DivRem(element, _pixels);
        (image, int channel) = Math.DivRem(row, _channels);
        first = (image * _parameters + channel - changed.First) * _pixels + pixel;
        return channel >= changed.First && channel < changed.End;
    }
}
