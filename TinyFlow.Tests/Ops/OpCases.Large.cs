using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Pointwise;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> LargeRows()
    {
        OpCase Row(string name, Float32Tolerance tolerance, Operand[] operands, Func<Var[], Var> function) => new(name, tolerance, operands, (_, v) => function(v));

        // 10007 and 1021 are prime: a vector loop has a rest of every length somewhere.
        Shape odd = [10007];
        yield return Row($"Exp of {odd}", Float32Tolerance.Transcendental, [Operand.Any(odd)], v => v[0].Exp());
        yield return Row($"Tanh of {odd}", Float32Tolerance.Transcendental, [Operand.Between(odd, -10, 10)], v => v[0].Tanh());
        yield return Row($"Log of {odd}", Float32Tolerance.Transcendental, [Operand.Between(odd, 0.1, 10)], v => v[0].Log());
        yield return Row($"Logit of {odd}", Float32Tolerance.Transcendental, [Operand.Between(odd, 0.05, 0.95)], v => v[0].Logit());
        yield return Row($"Softplus of {odd}", Float32Tolerance.Transcendental, [Operand.Between(odd, -20, 20)], v => v[0].Softplus());
        yield return Row($"Multiply of {odd} and {odd}", Float32Tolerance.Rounding, [Operand.Any(odd), Operand.Any(odd)], v => v[0] * v[1]);
        yield return Row("Multiply of [37, 1021] and [1021]", Float32Tolerance.Products, [Operand.Any([37, 1021]), Operand.Any([1021])], v => v[0] * v[1]);
        yield return Row("Add of [9, 17, 13, 11] and [17, 1, 1]", Float32Tolerance.Products, [Operand.Any([9, 17, 13, 11]), Operand.Any([17, 1, 1])], v => v[0] + v[1]);
        yield return Row($"Sum of {odd}", Float32Tolerance.Products, [Operand.Any(odd)], v => v[0].Sum());
        yield return Row("SumOf squares of long values", Float32Tolerance.Products, [Operand.Any([40009]), Operand.Any([3]), Operand.Any([9, 1021])], v => Reductions.SumOf<Square>(0.1, v));
        yield return NormalizeWeight([33, 31, 3, 3]);
        yield return NormalizeWeight([3, 17011]);
        yield return Row("SumOver of [9, 17, 13, 11] over [0, 2, 3]", Float32Tolerance.Products, [Operand.Any([9, 17, 13, 11])], v => v[0].SumOver(0, 2, 3));
        yield return Row("SumOver of [9, 17, 13, 11] over [1]", Float32Tolerance.Products, [Operand.Any([9, 17, 13, 11])], v => v[0].SumOver(1));
        // Long enough to be summed in several pieces: along runs, across them, and both.
        yield return Row("SumOver of [2, 9001] over [1]", Float32Tolerance.Products, [Operand.Any([2, 9001])], v => v[0].SumOver(1));
        yield return Row("SumOver of [3001, 5] over [0]", Float32Tolerance.Products, [Operand.Any([3001, 5])], v => v[0].SumOver(0));
        yield return Row("SumOver of [5, 3, 2500] over [0, 2]", Float32Tolerance.Products, [Operand.Any([5, 3, 2500])], v => v[0].SumOver(0, 2));
        yield return Row("Multiply of [1201, 7] and [7]", Float32Tolerance.Products, [Operand.Any([1201, 7]), Operand.Any([7])], v => v[0] * v[1]);
        yield return Row("Divide of [3, 9001] and [3, 1]", Float32Tolerance.Products, [Operand.Any([3, 9001]), Operand.AwayFromZero([3, 1])], v => v[0] / v[1]);
        yield return Row("VarianceOver of [9, 17, 13, 11] over [0, 2, 3]", Float32Tolerance.Statistics, [Operand.Any([9, 17, 13, 11])], v => v[0].VarianceOver(0, 2, 3));
        yield return Row("Permute [9, 17, 13, 11] to [0, 2, 3, 1]", Float32Tolerance.Exact, [Operand.Any([9, 17, 13, 11])], v => v[0].Permute(0, 2, 3, 1));
        yield return Row("Squeeze [5, 3, 28, 28]", Float32Tolerance.Exact, [Operand.Any([5, 3, 28, 28])], v => v[0].Squeeze());
        yield return Row("MatMul [67, 129] · [129, 35]", Float32Tolerance.Products, [Operand.Any([67, 129]), Operand.Any([129, 35])], v => v[0].MatMul(v[1]));
        yield return Row("MatMul [67, 129] · [35, 129]ᵀ", Float32Tolerance.Products, [Operand.Any([67, 129]), Operand.Any([35, 129])], v => v[0].MatMul(v[1], transposeRight: true));
        yield return Row("MatMul [129, 67]ᵀ · [129, 35]", Float32Tolerance.Products, [Operand.Any([129, 67]), Operand.Any([129, 35])], v => v[0].MatMul(v[1], transposeLeft: true));
        yield return Row("MatMul [5, 300] · [70, 300]ᵀ", Float32Tolerance.Products, [Operand.Any([5, 300]), Operand.Any([70, 300])], v => v[0].MatMul(v[1], transposeRight: true));
        yield return Row("MatMul [2, 9, 261] · [2, 261, 37]", Float32Tolerance.Products, [Operand.Any([2, 9, 261]), Operand.Any([2, 261, 37])], v => v[0].MatMul(v[1]));
        yield return Row("MatMul [3, 33, 65] · [65, 17]", Float32Tolerance.Products, [Operand.Any([3, 33, 65]), Operand.Any([65, 17])], v => v[0].MatMul(v[1]));
        foreach (Shape shape in (Shape[])[[7, 1, 28, 28], [2, 3, 79, 83]])
        {
            yield return Row($"GaussianLogProb of {shape}", Float32Tolerance.Products, [Operand.Any(shape)], v => v[0].GaussianLogProb());
        }


        // The notebook's three convolutions, and shapes next to them.
        OpCase[] convolutions =
        [
            Convolve([3, 1, 28, 28], [64, 1, 3, 3], true, new ConvolutionWindow(1, 1)),
            Convolve([2, 64, 28, 28], [64, 64, 3, 3], true, new ConvolutionWindow(1, 1)),
            Convolve([3, 64, 28, 28], [2, 64, 3, 3], true, new ConvolutionWindow(1, 1)),
            Convolve([3, 33, 13, 11], [31, 33, 3, 3], true, new ConvolutionWindow(1, 1)),
            Convolve([2, 32, 14, 14], [64, 32, 1, 1], false, new ConvolutionWindow(1)),
            Convolve([3, 24, 15, 17], [48, 24, 3, 3], true, new ConvolutionWindow(2, 1)),
            Convolve([1, 16, 12, 12], [16, 16, 5, 5], true, new ConvolutionWindow(1, 2)),
        ];
        foreach (OpCase convolution in convolutions)
        {
            yield return convolution with { Tolerance = Float32Tolerance.LargeConvolutions };
        }

        // The last two: so many numbers in a channel that a GPU takes a block for it, and several.
        foreach (Shape shape in (Shape[])[[5, 64, 14, 14], [3, 33, 7, 5], [3, 5, 27, 31], [11, 3, 29, 31]])
        {
            yield return Normalize(shape, BatchStatistics.Batch, Activation.None);
            yield return Normalize(shape, BatchStatistics.Batch, Activation.Relu);
            yield return Normalize(shape, BatchStatistics.Running, Activation.Relu);
            yield return NormalizeInstances(shape, Activation.None);
            yield return NormalizeInstances(shape, Activation.Relu);
        }

        foreach (Shape shape in (Shape[])[[5, 64, 14, 14], [3, 5, 27, 31], [11, 3, 29, 31]])
        {
            yield return NormalizeFlow(shape, FlowStatistics.Batch, isUpdated: false);
            yield return NormalizeFlow(shape, FlowStatistics.UpdatedRunning, isUpdated: false);
        }

        foreach (Shape shape in (Shape[])[[2, 3, 37, 41], [1, 2, 97, 89]])
        {
            yield return NormalizeInstances(shape, Activation.Relu);
        }

        // Statistics of several chunks, of images held plainly and channels last; without a ReLU, whose decisions rounding may turn.
        foreach (OpCase fused in (OpCase[])[
            NormalizeInstancesAndAdd([1, 2, 131, 129], Activation.None),
            NormalizeInstancesAndAddBehindAConvolution([2, 3, 37, 41], 33, Activation.None),
            ConvolveNormalizedInstances([1, 2, 131, 129], 3, 3, Activation.None),
            ConvolveNormalizedInstancesBehindAnother([3, 2, 27, 31], 33, 18, Activation.None),
            ConvolveNormalized([11, 3, 45, 47], 4, 3, BatchStatistics.Batch, Activation.None, isBiased: true),
            ConvolveNormalizedBehindAnother([5, 2, 27, 31], 33, 18, 3, BatchStatistics.Batch, Activation.None),
            ConvolveNormalizedBehindAnother([2, 2, 28, 28], 64, 2, 1, BatchStatistics.Running, Activation.None)])
        {
            yield return fused with { Tolerance = Float32Tolerance.LargeConvolutions };
        }

        foreach (CouplingForm form in Enum.GetValues<CouplingForm>())
        {
            yield return Couple([5, 1, 28, 28], null, Mask.Checkerboard, form) with { Tolerance = Float32Tolerance.Products };
            yield return CoupleKeeping([5, 1, 28, 28], null, Mask.Checkerboard, form) with { Tolerance = Float32Tolerance.Products };
            yield return Couple([3, 12, 7, 7], [12], Mask.Channels, form) with { Tolerance = Float32Tolerance.Products };
            yield return Couple([3, 3, 13, 11], [3, 13, 11], Mask.Random, form) with { Tolerance = Float32Tolerance.Products };
        }

        // Images of several pieces, and more of them than a GPU takes at once.
        foreach (Shape scale in (Shape[])[[1], [3], [3, 53, 61]])
        {
            yield return Couple([7, 3, 53, 61], scale, Mask.Random, CouplingForm.ScaleThenShift) with
            {
                Tolerance = new Float32Tolerance(1e-5, "the gradient of a scale that all share is a sum of 34,000 terms that nearly cancel, each with the roundings of an exponential"),
            };
        }

        yield return CoupleKeeping([7, 3, 53, 61], null, Mask.Random, CouplingForm.ShiftThenScale) with { Tolerance = Float32Tolerance.Products };
        yield return CombineMeans([300], [1021], [7, 33]);
        yield return ConcatElu([7, 24, 14, 14]);
        yield return Gate([7, 24, 14, 14]);
        yield return Row(
            "LogisticMixtureCoupling of images in several pieces by a net of them",
            new Float32Tolerance(1e-4, "a weight's gradient is one chain of 2500 terms that nearly cancel: 2500 roundings of up to 6e-8 of the sum of their magnitudes"),
            [Operand.Any([2, 2, 50, 50]), Operand.Any([8, 1, 1, 1])], v => MapByNet(v[0], v[1], padding: 0, LogisticMixtures.LogisticMixtureCoupling));
        yield return CoupleByMixture([5, 4, 14, 14], new ChannelRange(2, 2), 4, -1.5);
        yield return CoupleByMixture([3, 3, 41, 53], new ChannelRange(0, 2), 2, -1.5);
        yield return CoupleBySpline([5, 4, 14, 14], new ChannelRange(2, 2), 8);
        yield return CoupleBySpline([3, 3, 41, 53], new ChannelRange(0, 2), 4);
    }
}
