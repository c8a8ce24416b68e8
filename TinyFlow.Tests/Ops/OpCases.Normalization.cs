using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Tests.Ops;

internal static partial class OpCases
{
    private static IEnumerable<OpCase> NormalizationRows()
    {
        foreach (Shape shape in (Shape[])[[2, 1, 1, 1], [3, 2, 1, 1], [1, 3, 4, 3], [4, 3, 2, 5], [2, 5, 3, 3]])
        {
            foreach (BatchStatistics statistics in Enum.GetValues<BatchStatistics>())
            {
                foreach (Activation activation in Enum.GetValues<Activation>())
                {
                    yield return Normalize(shape, statistics, activation);
                    yield return NormalizeBiased(shape, statistics, activation);
                }
            }
        }

        // By 3x3 and 1x1 kernels, to few and to more channels; behind a convolution, where images may be held channels last.
        foreach (BatchStatistics statistics in Enum.GetValues<BatchStatistics>())
        {
            foreach (Activation activation in Enum.GetValues<Activation>())
            {
                yield return ConvolveNormalized([2, 3, 4, 3], 2, 3, statistics, activation, isBiased: false);
                yield return ConvolveNormalized([2, 2, 3, 5], 3, 1, statistics, activation, isBiased: true);
                yield return ConvolveNormalizedBehindAnother([2, 2, 4, 5], 6, 2, 3, statistics, activation);
                yield return ConvolveNormalizedBehindAnother([1, 1, 5, 5], 5, 7, 3, statistics, activation);
                yield return ConvolveNormalizedBehindAnother([2, 1, 3, 4], 6, 5, 1, statistics, activation);
            }
        }

        foreach (BatchStatistics statistics in Enum.GetValues<BatchStatistics>())
        {
            yield return ConvolveBetweenNorms([2, 2, 3, 4], 3, isNormalized: false, isConvolvedAgain: true, statistics);
            yield return ConvolveBetweenNorms([2, 2, 4, 4], 6, isNormalized: true, isConvolvedAgain: true, statistics);
            yield return ConvolveBetweenNorms([3, 1, 4, 3], 5, isNormalized: true, isConvolvedAgain: false, statistics);
        }

        foreach (Shape shape in (Shape[])[[2, 1, 1, 2], [1, 3, 4, 3], [3, 2, 2, 5], [2, 5, 3, 3]])
        {
            foreach (Activation activation in Enum.GetValues<Activation>())
            {
                yield return NormalizeInstances(shape, activation);
                yield return NormalizeInstancesAndAdd(shape, activation);
                yield return ConvolveNormalizedInstances(shape, 2, 1, activation);
            }
        }

        // Held channels last, to few and to more channels.
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            yield return NormalizeInstancesAndAddBehindAConvolution([3, 2, 4, 3], 6, activation);
            yield return ConvolveNormalizedInstancesBehindAnother([3, 2, 4, 5], 6, 2, activation);
            yield return ConvolveNormalizedInstancesBehindAnother([2, 1, 5, 5], 5, 7, activation);
        }

        foreach (Shape shape in (Shape[])[[2, 1, 1, 1], [1, 3, 4, 3], [4, 3, 2, 5]])
        {
            foreach (FlowStatistics statistics in Enum.GetValues<FlowStatistics>())
            {
                // Replayed running ones have no finite differences: they stay, but their gradient is that of the pass that mixed them.
                yield return NormalizeFlow(shape, statistics, isUpdated: false);
            }

            yield return NormalizeFlow(shape, FlowStatistics.Batch, isUpdated: true);
        }

        foreach (Shape shape in (Shape[])[[1], [3, 1, 1], [2, 5], [3, 2, 3, 3], [5, 37]])
        {
            yield return NormalizeWeight(shape);
        }
    }

    private static OpCase NormalizeFlow(Shape shape, FlowStatistics statistics, bool isUpdated) => new(
        $"FlowNorm of {shape}, statistics {statistics}{(isUpdated ? ", replayed" : "")}", Float32Tolerance.Statistics, [Operand.Between(shape, -1, 3)],
        (tape, v) =>
        {
            Tensor mean = Constant(tape, Operand.Between([shape[1]], 0.5, 1.5)), variance = Constant(tape, Operand.Between([shape[1]], 0.5, 2));
            (Var y, Var logDet, _, _) = v[0].FlowNorm(mean, variance, new FlowNormSettings(1e-2, 0.25, statistics, isUpdated));

            // Of both results, so that both gradients matter.
            return y * logDet.Reshape([shape[0], 1, 1, 1]);
        });

    private static OpCase NormalizeWeight(Shape shape) => new(
        $"WeightNorm of {shape}", Float32Tolerance.Products, [Operand.AwayFromZero(shape), Operand.AwayFromZero([shape[0], 1])], (_, v) => v[0].WeightNorm(v[1]));

    private static OpCase Normalize(Shape shape, BatchStatistics statistics, Activation activation)
    {
        int channels = shape[1];
        return new OpCase(
            $"BatchNorm2D of {shape}, statistics {statistics}, activation {activation}", Float32Tolerance.Statistics,
            [Operand.Between(shape, -1, 3), Operand.AwayFromZero([channels]), Operand.AwayFromZero([channels])],
            (tape, v) =>
            {
                Tensor mean = Constant(tape, Operand.Between([channels], 0.5, 1.5)), variance = Constant(tape, Operand.Between([channels], 0.5, 2));
                return v[0].BatchNorm2D(v[1], v[2], mean, variance, new BatchNormSettings(1e-2, 0.1, activation), statistics);
            });
    }

    private static OpCase NormalizeBiased(Shape shape, BatchStatistics statistics, Activation activation)
    {
        OpCase plain = Normalize(shape, statistics, activation);
        int channels = shape[1];
        return plain with
        {
            Name = $"{plain.Name}, biased",
            Operands = [.. plain.Operands, Operand.Any([channels])],
            Function = (tape, v) =>
            {
                Tensor mean = Constant(tape, Operand.Between([channels], 0.5, 1.5)), variance = Constant(tape, Operand.Between([channels], 0.5, 2));
                return v[0].BatchNorm2D(v[1], v[2], mean, variance, new BatchNormSettings(1e-2, 0.1, activation), statistics, v[3]);
            },
        };
    }

    private static OpCase ConvolveNormalized(Shape shape, int outputs, int kernel, BatchStatistics statistics, Activation activation, bool isBiased)
    {
        int channels = shape[1];
        Operand[] operands =
        [
            Operand.Between(shape, -1, 3), Operand.AwayFromZero([channels]), Operand.AwayFromZero([channels]), Operand.Any([outputs, channels, kernel, kernel]),
            Operand.Any([outputs]),
        ];
        return new OpCase(
            $"NormalizedConv2D {kernel}x{kernel} of {shape} to {outputs}, statistics {statistics}, activation {activation}{(isBiased ? ", biased" : "")}",
            Float32Tolerance.Statistics,
            isBiased ? [.. operands, Operand.Any([channels])] : operands,
            (tape, v) => v[0].NormalizedConv2D(
                Norm(tape, v[1], v[2], statistics, activation, isBiased ? v[5] : null), v[3], v[4], new ConvolutionWindow(1, kernel / 2)));
    }

    private static OpCase ConvolveNormalizedBehindAnother(Shape shape, int channels, int outputs, int kernel, BatchStatistics statistics, Activation activation) => new(
        $"NormalizedConv2D {kernel}x{kernel} of {channels} channels, convolved from {shape}, to {outputs}, statistics {statistics}, activation {activation}",
        Float32Tolerance.Statistics,
        [
            Operand.Any(shape), Operand.Any([channels, shape[1], 1, 1]), Operand.AwayFromZero([channels]), Operand.AwayFromZero([channels]),
            Operand.Any([outputs, channels, kernel, kernel]),
        ],
        (tape, v) => v[0].Conv2D(v[1]).NormalizedConv2D(Norm(tape, v[2], v[3], statistics, activation), v[4], null, new ConvolutionWindow(1, kernel / 2)));

    private static OpCase ConvolveBetweenNorms(Shape shape, int hidden, bool isNormalized, bool isConvolvedAgain, BatchStatistics statistics)
    {
        Operand[] operands =
        [
            Operand.Between(shape, -1, 3), Operand.Any([hidden, shape[1], 3, 3]), Operand.Any([hidden]), Operand.AwayFromZero([hidden]), Operand.AwayFromZero([hidden]),
            Operand.Any([2, hidden, 3, 3]),
        ];
        return new OpCase(
            $"MeasuredConv2D of {shape}{(isNormalized ? ", normalized," : "")} to {hidden} before {(isConvolvedAgain ? "NormalizedConv2D" : "BatchNorm2D")}, statistics {statistics}",
            Float32Tolerance.Statistics,
            isNormalized ? [.. operands, Operand.AwayFromZero([shape[1]]), Operand.AwayFromZero([shape[1]])] : operands,
            (tape, v) =>
            {
                ConvolutionWindow window = new(1, 1);
                BatchNormOperands? norm = isNormalized ? Norm(tape, v[6], v[7], statistics, Activation.None) : null;
                (Var y, BatchNormOperands following) = v[0].MeasuredConv2D(norm, v[1], bias: null, window, Norm(tape, v[3], v[4], statistics, Activation.None, v[2]));
                return isConvolvedAgain ? y.NormalizedConv2D(following, v[5], null, window) : y.BatchNorm2D(following).Conv2D(v[5], null, window);
            });
    }

    private static BatchNormOperands Norm(Tape tape, Var gamma, Var beta, BatchStatistics statistics, Activation activation, Var? bias = null)
    {
        Shape channels = gamma.Shape;
        Tensor mean = Constant(tape, Operand.Between(channels, 0.5, 1.5)), variance = Constant(tape, Operand.Between(channels, 0.5, 2));
        return new BatchNormOperands(gamma, beta, mean, variance, new BatchNormSettings(1e-2, 0.1, activation), statistics, bias);
    }

    private static OpCase NormalizeInstances(Shape shape, Activation activation) => new(
        $"InstanceNorm2D of {shape}, activation {activation}", Float32Tolerance.Statistics, [Operand.Between(shape, -1, 3)],
        (_, v) => v[0].InstanceNorm2D(1e-2, activation));

    private static OpCase NormalizeInstancesAndAdd(Shape shape, Activation activation) => new(
        $"InstanceNorm2D of {shape} and a residual, activation {activation}", Float32Tolerance.Statistics, [Operand.Between(shape, -1, 3), Operand.Any(shape)],
        (_, v) => v[0].InstanceNorm2D(v[1], 1e-2, activation));

    private static OpCase NormalizeInstancesAndAddBehindAConvolution(Shape shape, int channels, Activation activation) => new(
        $"InstanceNorm2D of {channels} channels, convolved from {shape}, and a residual, activation {activation}", Float32Tolerance.Statistics,
        [Operand.Any(shape), Operand.Any([channels, shape[1], 1, 1]), Operand.Any([channels, shape[1], 1, 1])],
        (_, v) => v[0].Conv2D(v[1]).InstanceNorm2D(v[0].Conv2D(v[2]), 1e-2, activation));

    private static OpCase ConvolveNormalizedInstances(Shape shape, int outputs, int kernel, Activation activation) => new(
        $"InstanceNormalizedConv2D {kernel}x{kernel} of {shape} to {outputs}, activation {activation}", Float32Tolerance.Statistics,
        [Operand.Between(shape, -1, 3), Operand.Any([outputs, shape[1], kernel, kernel]), Operand.Any([outputs])],
        (_, v) => v[0].InstanceNormalizedConv2D(1e-2, activation, v[1], v[2], new ConvolutionWindow(1, kernel / 2)));

    private static OpCase ConvolveNormalizedInstancesBehindAnother(Shape shape, int channels, int outputs, Activation activation) => new(
        $"InstanceNormalizedConv2D 3x3 of {channels} channels, convolved from {shape}, to {outputs}, activation {activation}", Float32Tolerance.Statistics,
        [Operand.Any(shape), Operand.Any([channels, shape[1], 1, 1]), Operand.Any([outputs, channels, 3, 3])],
        (_, v) => v[0].Conv2D(v[1]).InstanceNormalizedConv2D(1e-2, activation, v[2], null, new ConvolutionWindow(1, 1)));

    /// <summary>Fixed numbers that an op needs but has no gradient for; the tape releases them.</summary>
    private static Tensor Constant(Tape tape, Operand operand) => tape.Own(tape.Backend.Create(operand.Shape, operand.Values(seed: 1, position: 99)));
}
