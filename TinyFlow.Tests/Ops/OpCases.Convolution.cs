using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> ConvolutionRows()
    {
        // Every kernel with every stride and padding; channels, batch, size and bias change along with them.
        (int In, int Out)[] channels = [(1, 1), (2, 3), (3, 2), (1, 3), (5, 1), (3, 3), (1, 2)];
        int i = 0;
        foreach ((int r, int s) in ((int, int)[])[(1, 1), (3, 3), (5, 5), (2, 3)])
        {
            for (int stride = 1; stride <= 3; stride++)
            {
                for (int padding = 0; padding <= 2; padding++, i++)
                {
                    (int inputs, int outputs) = channels[i % channels.Length];
                    yield return Convolve([1 + i % 3, inputs, 5 + i % 2, 5 + i % 3], [outputs, inputs, r, s], i % 2 == 0, new ConvolutionWindow(stride, padding));
                }
            }
        }

        yield return Convolve([2, 2, 7, 6], [3, 2, 3, 2], true, new ConvolutionWindow(2, 1, 0, 2));
        yield return Convolve([1, 3, 6, 9], [2, 3, 1, 3], false, new ConvolutionWindow(1, 3, 2, 0));
        yield return Convolve([2, 1, 4, 4], [2, 1, 4, 4], true, new ConvolutionWindow(1));
        yield return Convolve([1, 2, 1, 1], [2, 2, 3, 3], true, new ConvolutionWindow(1, 1));
        yield return Convolve([1, 1, 3, 3], [1, 1, 1, 1], true, new ConvolutionWindow(1, 2));
        yield return Convolve([1, 64, 3, 3], [2, 64, 3, 3], true, new ConvolutionWindow(1, 1));
        yield return Convolve([1, 1, 3, 3], [64, 1, 3, 3], true, new ConvolutionWindow(1, 1));
        yield return Convolve([2, 17, 2, 3], [19, 17, 1, 1], true, new ConvolutionWindow(1));
    }

    private static OpCase Convolve(Shape x, Shape weight, bool bias, ConvolutionWindow window)
    {
        string name = $"Conv2D {x} by {weight}{(bias ? " with bias" : "")}, stride {window.StrideY}·{window.StrideX}, padding {window.PaddingY}·{window.PaddingX}";
        Operand[] operands = [Operand.Any(x), Operand.Any(weight)];
        return bias
            ? new OpCase(name, Float32Tolerance.Products, [.. operands, Operand.Any([weight[0]])], (_, v) => v[0].Conv2D(v[1], v[2], window))
            : new OpCase(name, Float32Tolerance.Products, operands, (_, v) => v[0].Conv2D(v[1], null, window));
    }
}
