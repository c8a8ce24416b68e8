namespace TinyFlow;

/// <summary>
/// One weight [k, c, r, s] of a convolution applied to one image: it connects a shifted plane of the input with a plane
/// of the output. Forward pass and both gradients are the same walk over all taps.
/// </summary>
/// <param name="Weight">Where the weight is in its tensor.</param>
/// <param name="Rows">The output rows for which the tap meets the input, not its padding.</param>
/// <param name="Columns">The same for columns.</param>
/// <param name="InputStart">Where in the input output row 0, column 0 would read: before the plane, where there is padding.</param>
/// <param name="InputStep">From there, the distance between the input's elements of two output rows.</param>
/// <param name="OutputStart">Where the output plane starts in its tensor.</param>
/// <param name="OutputStep">The distance between two output rows.</param>
internal readonly record struct ConvolutionTap(
    int Weight, (int First, int End) Rows, (int First, int End) Columns, int InputStart, int InputStep, int OutputStart, int OutputStep)
{
    /// <summary>Where column 0 of an output row would read in the input.</summary>
    public int Input(int row) => InputStart + row * InputStep;

    /// <summary>Where an output row starts.</summary>
    public int Output(int row) => OutputStart + row * OutputStep;

    /// <summary>Every weight on every image: x [N, C, H, W], weight [K, C, R, S], y [N, K, H', W'].</summary>
    public static IEnumerable<ConvolutionTap> All(Shape x, Shape weight, Shape y, ConvolutionWindow window)
    {
        for (int n = 0; n < y[0]; n++)
        {
            for (int k = 0; k < weight[0]; k++)
            {
                for (int c = 0; c < weight[1]; c++)
                {
                    for (int r = 0; r < weight[2]; r++)
                    {
                        for (int s = 0; s < weight[3]; s++)
                        {
                            int top = r - window.PaddingY, left = s - window.PaddingX;
                            yield return new ConvolutionTap(
                                ((k * weight[1] + c) * weight[2] + r) * weight[3] + s,
                                Inside(top, window.StrideY, x[2], y[2]),
                                Inside(left, window.StrideX, x[3], y[3]),
                                ((n * x[1] + c) * x[2] + top) * x[3] + left,
                                window.StrideY * x[3],
                                (n * y[1] + k) * y[2] * y[3],
                                y[3]);
                        }
                    }
                }
            }
        }
    }

    /// <summary>The output positions o, 0 ≤ o &lt; outputs, with 0 ≤ o·stride + offset &lt; inputs.</summary>
    private static (int First, int End) Inside(int offset, int stride, int inputs, int outputs)
    {
        int first = Math.Max(0, (-offset + stride - 1) / stride);
        int end = inputs - offset <= 0 ? 0 : Math.Min(outputs, (inputs - offset + stride - 1) / stride);
        return (first, end);
    }
}
