namespace TinyFlow;

/// <summary>Stride and zero padding of a 2-D convolution, in pixels, along height and width.</summary>
public readonly record struct ConvolutionWindow(int StrideY, int StrideX, int PaddingY, int PaddingX)
{
    /// <summary>The same stride and padding along both axes.</summary>
    public ConvolutionWindow(int stride = 1, int padding = 0) : this(stride, stride, padding, padding)
    {
    }
}

/// <summary>What follows a normalization in the same pass.</summary>
public enum Activation
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>max(x, 0).</summary>
    Relu,
}

/// <summary>Settings of a batch normalization. Momentum is the weight of the new batch in the running statistics, as in PyTorch.</summary>
public readonly record struct BatchNormSettings(double Epsilon, double Momentum, Activation Activation);

/// <summary>Which statistics a batch normalization used in its forward pass.</summary>
public enum BatchStatistics
{
    /// <summary>Those of the batch: gradients flow through them.</summary>
    Batch,

    /// <summary>The running ones: they are constants.</summary>
    Running,
}

/// <summary>The published forms of an affine coupling.</summary>
public enum CouplingForm
{
    /// <summary>y = x·exp(s) + t: Dinh et al. 2017, equation 8; the notebook; B. Keng.</summary>
    ScaleThenShift,

    /// <summary>y = (x + t)·exp(s): the authors' code and its PyTorch port.</summary>
    ShiftThenScale,
}

/// <summary>Neighbouring channels: from number <paramref name="First"/> on, <paramref name="Count"/> of them.</summary>
public readonly record struct ChannelRange(int First, int Count)
{
    /// <summary>The number of the channel behind the last.</summary>
    public int End => First + Count;
}

/// <summary>The bounds that keep a coupling by a mixture of logistics finite, as in Flow++ (Ho et al. 2019).</summary>
public static class LogisticMixtureLimits
{
    /// <summary>A component's log scale s below this counts as this, and has no gradient: no component is a spike.</summary>
    public const double SmallestLogScale = -7;

    /// <summary>The log scale of the affine map behind the mixture is this times tanh(a / this).</summary>
    public const double LargestAffineLogScale = 2;
}

/// <summary>The bounds of a coupling by a rational-quadratic spline, as in the image models of Durkan et al. 2019.</summary>
public static class SplineLimits
{
    /// <summary>B: beyond [−B, B] the coupling is the identity.</summary>
    public const double Box = 3;

    /// <summary>The least share of the box's width, or height, that a bin has.</summary>
    public const double SmallestBin = 1e-3;

    /// <summary>What is added to the softplus that makes a derivative.</summary>
    public const double SmallestDerivative = 1e-3;

    /// <summary>The most bins: beyond, their smallest sizes alone would take more than half of the box.</summary>
    public const int MostBins = 500;
}

/// <summary>The order of channels after a 2x2 squeeze, where block position p = 2·dy + dx.</summary>
public enum SqueezeOrder
{
    /// <summary>Channel c goes to 4c + p (PyTorch's pixel_unshuffle).</summary>
    ChannelMajor,

    /// <summary>Positions in the order (0,0), (1,1), (0,1), (1,0), all channels of one position together (Real NVP's factor-out).</summary>
    Alternative,
}

/// <summary>The constants of Adam (Kingma and Ba 2015) as torch.optim.Adam and Adamax have them, with coupled weight decay and clipping.</summary>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the corrected second moment, or to |g|.</param>
/// <param name="WeightDecay">Times the parameter is added to its clipped gradient.</param>
/// <param name="MaxNorm">Gradients are multiplied by min(1, MaxNorm / (norm + 1e-6)); infinity for no clipping.</param>
/// <param name="Scale">What a step is divided by.</param>
public readonly record struct AdamSettings(
    double Beta1, double Beta2, double Epsilon, double WeightDecay, double MaxNorm, AdamScale Scale = AdamScale.RootMeanSquare);

/// <summary>What Adam divides its steps by.</summary>
public enum AdamScale
{
    /// <summary>√v of v ← β₂·v + (1 − β₂)·g², corrected for its start at 0: Adam (Kingma and Ba 2015, algorithm 1).</summary>
    RootMeanSquare,

    /// <summary>u ← max(β₂·u, |g| + ε), which needs no correction: Adamax (the same, algorithm 2), as torch.optim.Adamax.</summary>
    Maximum,
}

/// <summary>
/// A way to walk over a tensor's elements: where to start, and the distance in elements between neighbours along each
/// axis of the walk. Permute, slice, pad, concat, squeeze and broadcast are all one copy between two walks.
/// </summary>
public readonly record struct Walk(long Start, Strides Strides);

/// <summary>Distances in elements along up to six axes, outermost first; unused ones are 0 at the end.</summary>
public readonly record struct Strides(long S0, long S1, long S2, long S3, long S4, long S5)
{
    /// <summary>From a list of at most six distances.</summary>
    public static Strides Of(ReadOnlySpan<long> strides)
    {
        Span<long> six = stackalloc long[Shape.MaxRank];
        strides.CopyTo(six);
        return new Strides(six[0], six[1], six[2], six[3], six[4], six[5]);
    }

    /// <summary>The distance along an axis.</summary>
    public long this[int axis] => axis switch { 0 => S0, 1 => S1, 2 => S2, 3 => S3, 4 => S4, 5 => S5, _ => 0 };
}

/// <summary>What memory a backend holds, in bytes, and how often it asked the system for more.</summary>
/// <param name="Live">Held by tensors now.</param>
/// <param name="Peak">The most that tensors held at once.</param>
/// <param name="Reserved">Taken from the system: live and pooled.</param>
/// <param name="SystemAllocations">How often memory was taken from the system; constant once a training loop is warm.</param>
public readonly record struct MemoryUse(long Live, long Peak, long Reserved, long SystemAllocations)
{
    /// <summary>The most that may be taken from the system; null where that is not known.</summary>
    public long? Limit { get; init; }
}

/// <summary>
/// Names a stream of random numbers. A value depends on seed, stream and its index alone, so it is the same on every
/// backend, for any batch size and any number of threads.
/// </summary>
/// <param name="Seed">The user's seed.</param>
/// <param name="Stream">Which use of randomness, and which epoch or draw of it.</param>
/// <param name="Offset">The index of the first value that is wanted.</param>
public readonly record struct NoiseKey(ulong Seed, ulong Stream, ulong Offset = 0);
