namespace TinyFlow.Tests.Cpu.Convolutions;

/// <summary>A convolution's sizes: x [N, C, H, W] by weight [K, C, R, S].</summary>
internal sealed record ConvolutionCase(Shape X, Shape Weight, ConvolutionWindow Window)
{
    /// <summary>Shapes that reach every block size, partial vectors and partial tiles of each kernel.</summary>
    public static IReadOnlyList<ConvolutionCase> All { get; } =
    [
        // Whole tiles and vectors; then sizes one off, channels one off, and borders wider than the image.
        Of([2, 64, 8, 8], 64, 3, 1), Of([1, 64, 12, 28], 64, 3, 1), Of([3, 16, 7, 7], 16, 3, 1), Of([1, 32, 14, 14], 48, 3, 1),
        Of([1, 8, 5, 6], 8, 3, 1), Of([2, 17, 9, 4], 33, 3, 1), Of([2, 12, 6, 11], 5, 3, 0), Of([1, 24, 5, 5], 24, 3, 2),
        Of([2, 31, 1, 1], 15, 3, 1), Of([1, 9, 2, 3], 65, 3, 2), Of([4, 80, 3, 3], 7, 3, 0), Of([1, 130, 4, 13], 34, 3, 1),

        // Thin ends.
        Of([3, 1, 28, 28], 64, 3, 1), Of([2, 64, 14, 28], 2, 3, 1), Of([2, 2, 9, 10], 64, 3, 1), Of([2, 64, 7, 13], 1, 3, 1),
        Of([2, 3, 8, 7], 40, 3, 1), Of([1, 40, 8, 7], 3, 3, 1), Of([2, 4, 6, 6], 4, 3, 1), Of([5, 1, 1, 1], 1, 3, 1), Of([1, 33, 3, 25], 4, 5, 2),

        // 1x1, other kernels, strides.
        Of([2, 64, 7, 5], 64, 1, 0), Of([3, 5, 4, 4], 19, 1, 0), Of([2, 6, 3, 4], 16, 1, 1), Of([2, 7, 12, 9], 18, 5, 2), Of([1, 16, 9, 9], 16, 4, 1),
        new([2, 16, 11, 9], [32, 16, 3, 3], new ConvolutionWindow(2, 1)), new([2, 5, 10, 13], [7, 5, 2, 3], new ConvolutionWindow(1, 3, 2, 0)),
        new([1, 16, 8, 8], [16, 16, 1, 1], new ConvolutionWindow(2, 0)), new([2, 3, 9, 12], [64, 3, 4, 2], new ConvolutionWindow(3, 2, 0, 1)),
        new([2, 20, 6, 7], [6, 20, 1, 3], new ConvolutionWindow(1, 1, 2, 0)), new([1, 6, 7, 7], [3, 6, 7, 7], new ConvolutionWindow(1, 0)),

        // Weight gradients plane by plane, of one chunk of tiles and of two; band by band, which is for few channels and many tiles.
        Of([2, 70, 9, 5], 100, 3, 1), Of([260, 97, 1, 1], 72, 3, 1), Of([200, 16, 1, 1], 16, 3, 1), Of([70, 18, 6, 7], 70, 3, 1),

        // Few tiles by many channels: filters block by block, of whole vectors and not, and with blocks of two sizes.
        Of([1, 40, 7, 7], 130, 3, 1), Of([2, 20, 5, 9], 152, 3, 1), Of([1, 130, 3, 3], 128, 3, 1),

        // Borders of 1, 2 and 3 pixels, down and across, beside whole tiles; chunks of tiles that end among either kind.
        Of([2, 16, 9, 9], 16, 3, 1), Of([2, 16, 9, 10], 20, 3, 1), Of([2, 16, 9, 11], 16, 3, 1), Of([2, 16, 10, 9], 16, 3, 1), Of([2, 18, 10, 10], 16, 3, 1),
        Of([2, 16, 10, 11], 16, 3, 1), Of([2, 16, 11, 9], 16, 3, 1), Of([2, 16, 11, 10], 16, 3, 1), Of([2, 34, 11, 11], 70, 3, 1), Of([2, 16, 8, 11], 16, 3, 1),
        Of([2, 16, 10, 8], 16, 3, 1), Of([70, 97, 7, 6], 72, 3, 1), Of([70, 16, 6, 7], 16, 3, 1),
    ];

    /// <summary>The output's shape.</summary>
    public Shape Y => ShapeRules.Conv2D(X, Weight, null, Window);

    /// <inheritdoc/>
    public override string ToString() =>
        $"{X} by {Weight}, stride {Window.StrideY}·{Window.StrideX}, padding {Window.PaddingY}·{Window.PaddingX}";

    private static ConvolutionCase Of(Shape x, int outputs, int kernel, int padding) => new(x, [outputs, x[1], kernel, kernel], new ConvolutionWindow(1, padding));
}
