namespace TinyFlow;

/// <summary>
/// All sizes of a convolution. The gradient with respect to the input is a convolution too, whose padding may be
/// negative (a crop) and whose input pixels lie <see cref="SpacingY"/>, <see cref="SpacingX"/> apart with zeros between.
/// </summary>
internal readonly record struct ConvolutionGeometry
{
    public int Images { get; init; }

    public int InputChannels { get; init; }

    public int InputHeight { get; init; }

    public int InputWidth { get; init; }

    public int OutputChannels { get; init; }

    public int OutputHeight { get; init; }

    public int OutputWidth { get; init; }

    public int KernelHeight { get; init; }

    public int KernelWidth { get; init; }

    public int StrideY { get; init; }

    public int StrideX { get; init; }

    public int PaddingY { get; init; }

    public int PaddingX { get; init; }

    public int SpacingY { get; init; }

    public int SpacingX { get; init; }

    public int InputPixels => InputHeight * InputWidth;

    public int OutputPixels => OutputHeight * OutputWidth;

    public long InputCount => (long)Images * InputChannels * InputPixels;

    public long OutputCount => (long)Images * OutputChannels * OutputPixels;

    /// <summary>The input pixels that one output row touches, in spaced and padded coordinates.</summary>
    public int PaddedWidth => (OutputWidth - 1) * StrideX + KernelWidth;

    /// <summary>Neither strides nor zeros between the pixels.</summary>
    public bool IsDense => StrideY == 1 && StrideX == 1 && SpacingY == 1 && SpacingX == 1;

    /// <summary>x [N, C, H, W] ∗ weight [K, C, R, S] → y [N, K, H', W'].</summary>
    public static ConvolutionGeometry Forward(Shape x, Shape weight, Shape y, ConvolutionWindow window) => new()
    {
        Images = x[0],
        InputChannels = x[1],
        InputHeight = x[2],
        InputWidth = x[3],
        OutputChannels = weight[0],
        OutputHeight = y[2],
        OutputWidth = y[3],
        KernelHeight = weight[2],
        KernelWidth = weight[3],
        StrideY = window.StrideY,
        StrideX = window.StrideX,
        PaddingY = window.PaddingY,
        PaddingX = window.PaddingX,
        SpacingY = 1,
        SpacingX = 1,
    };

    /// <summary>
    /// The convolution of the output's gradient with the turned kernel that gives the input's gradient:
    /// x[i] meets y[o] through tap r = i + p − o·s, so the turned tap R − 1 − r reads position i − (R − 1 − p) + tap.
    /// </summary>
    public ConvolutionGeometry OfInputGradient() => new()
    {
        Images = Images,
        InputChannels = OutputChannels,
        InputHeight = OutputHeight,
        InputWidth = OutputWidth,
        OutputChannels = InputChannels,
        OutputHeight = InputHeight,
        OutputWidth = InputWidth,
        KernelHeight = KernelHeight,
        KernelWidth = KernelWidth,
        StrideY = 1,
        StrideX = 1,
        PaddingY = KernelHeight - 1 - PaddingY,
        PaddingX = KernelWidth - 1 - PaddingX,
        SpacingY = StrideY,
        SpacingX = StrideX,
    };

    /// <summary>A 1x1 convolution sees an image as one long row, which leaves no short rows to lose time on.</summary>
    public ConvolutionGeometry Flattened() => KernelHeight == 1 && KernelWidth == 1 && IsDense && PaddingY == 0 && PaddingX == 0
        ? this with { InputHeight = 1, InputWidth = InputPixels, OutputHeight = 1, OutputWidth = OutputPixels }
        : this;
}
