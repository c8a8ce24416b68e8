namespace TinyFlow.Autograd.Functions;

/// <summary>Convolutions.</summary>
public static class Convolution
{
    /// <summary>
    /// [N, C, H, W] ∗ [K, C, R, S] (+ [K]) → [N, K, H', W'], a cross-correlation as in torch.nn.functional.conv2d.
    /// </summary>
    public static Var Conv2D(this Var x, Var weight, Var? bias = null, ConvolutionWindow? window = null) => x.Conv2D(weight, bias, window, statistics: null);

    /// <summary>The same; statistics of the result are for a backend that takes them.</summary>
    internal static Var Conv2D(this Var x, Var weight, Var? bias, ConvolutionWindow? window, StatisticsSink? statistics)
    {
        ConvolutionWindow w = window ?? new ConvolutionWindow(1);
        Shape shape = ShapeRules.Conv2D(x.Shape, weight.Shape, bias?.Shape, w);
        Var[] operands = bias is null ? [x, weight] : [x, weight, bias];
        Tensor y = x.Tape.Own("Conv2D", shape, operands);
        if (statistics is null)
        {
            x.Backend.Conv2D(x.Value, weight.Value, bias?.Value, y, w);
        }
        else
        {
            ((IFusedNormalization)x.Backend).Conv2D(x.Value, entry: null, weight.Value, bias?.Value, y, w, statistics);
        }

        return x.Tape.Record(y, operands, dy =>
        {
            if (weight.NeedsGradient || bias is { NeedsGradient: true })
            {
                x.Backend.Conv2DWeightGradient(x.Value, dy, weight.Grad, bias?.Grad ?? Sink.None, w);
            }

            if (x.NeedsGradient)
            {
                x.Backend.Conv2DInputGradient(dy, weight.Value, x.Grad, w);
            }
        });
    }
}
