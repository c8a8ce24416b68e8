namespace TinyFlow.Cpu.Convolutions;

/// <summary>
/// Where the chunks of a weight gradient are kept before they are added: [R, S·C, K] each, or thin, for a few output
/// channels, [R, K, S·C]; the inner axis is rounded up to whole vectors. A bias part follows each.
/// </summary>
internal readonly unsafe struct WeightGradientParts
{
    private readonly float* _memory;
    private readonly nint _stride;

    /// <summary>Parts for a geometry in memory of <see cref="Length"/> floats a chunk.</summary>
    public WeightGradientParts(in ConvolutionGeometry geometry, int vectorWidth, int chunks, bool thin, float* memory)
    {
        IsThin = thin;
        Chunks = chunks;
        OuterLength = geometry.KernelHeight * (IsThin ? geometry.OutputChannels : geometry.KernelWidth * geometry.InputChannels);
        InnerLength = Parts.RoundUp(IsThin ? geometry.KernelWidth * geometry.InputChannels : geometry.OutputChannels, vectorWidth);
        BiasLength = Parts.RoundUp(geometry.OutputChannels, vectorWidth);
        _memory = memory;
        _stride = Length(geometry, vectorWidth, thin);
    }

    public bool IsThin { get; }

    public int Chunks { get; }

    public int OuterLength { get; }

    public int InnerLength { get; }

    public int BiasLength { get; }

    /// <summary>Floats of one chunk.</summary>
    public static nint Length(in ConvolutionGeometry geometry, int vectorWidth, bool thin)
    {
        int inputs = geometry.KernelWidth * geometry.InputChannels, bias = Parts.RoundUp(geometry.OutputChannels, vectorWidth);
        nint weight = thin
            ? (nint)geometry.KernelHeight * geometry.OutputChannels * Parts.RoundUp(inputs, vectorWidth)
            : (nint)geometry.KernelHeight * inputs * bias;
        return (weight + bias + 15) / 16 * 16;
    }

    public float* Weight(int chunk) => _memory + chunk * _stride;

    public float* Bias(int chunk) => Weight(chunk) + (nint)OuterLength * InnerLength;
}
