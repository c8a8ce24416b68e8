using TinyFlow.Pointwise;

namespace TinyFlow.Autograd.Functions;

/// <summary>Normalizations.</summary>
public static class Normalization
{
    /// <summary>
    /// Batch normalization per channel of x [N, C, H, W] (Ioffe and Szegedy 2015), with an activation in the same pass;
    /// gamma, beta and the running statistics are [C]. With batch statistics it normalizes with the biased variance of
    /// the batch and updates the running ones (with the unbiased variance, as in PyTorch); else it normalizes with the
    /// running ones and leaves them alone. A bias [C] is as if it were added to x before; with batch statistics it changes the
    /// running mean alone, which saves the pass that adds it and the one of its gradient.
    /// </summary>
    public static Var BatchNorm2D(
        this Var x, Var gamma, Var beta, Tensor runningMean, Tensor runningVariance, BatchNormSettings settings, BatchStatistics statistics,
        Var? bias = null) => x.BatchNorm2D(new BatchNormOperands(gamma, beta, runningMean, runningVariance, settings, statistics, bias));

    /// <summary>The same.</summary>
    public static Var BatchNorm2D(this Var x, BatchNormOperands norm)
    {
        Shape channels = norm.Check(x.Tape, x.Shape);
        NormStatistics? known = norm.Known(x);
        if (norm.LacksBias)
        {
            Var biased = norm.AddBias(x), normal = biased.BatchNorm2D(norm with { Bias = null });
            x.Tape.Release(biased);
            return normal;
        }

        Var[] operands = norm.With(x);
        Tensor y = x.Tape.Own("BatchNorm2D", x.Shape, operands);
        NormStatistics statistics;
        if (known is { } measured)
        {
            statistics = measured;
            ((IFusedNormalization)x.Backend).Normalize(x.Value, norm.Entry(measured), y);
        }
        else if (norm.Statistics == BatchStatistics.Batch)
        {
            statistics = NormStatistics.Own("BatchNorm2D", x.Tape, channels);
            x.Backend.BatchNorm(
                x.Value, norm.Gamma.Value, norm.Beta.Value, norm.RunningMean, norm.RunningVariance,
                statistics.Mean, statistics.InverseDeviation, y, norm.Settings, norm.Bias?.Value);
        }
        else
        {
            statistics = new(norm.RunningMean, x.Tape.Own("BatchNorm2D", channels));
            x.Backend.BatchNormInference(
                x.Value, norm.Gamma.Value, norm.Beta.Value, norm.RunningMean, norm.RunningVariance, statistics.InverseDeviation, y, norm.Settings);
        }

        return x.Tape.Record(y, operands, dy => norm.Backward(x, statistics, dy, x.Grad));
    }

    /// <summary>
    /// <see cref="Convolution.Conv2D(Var, Var, Var?, ConvolutionWindow?)"/> of <see cref="BatchNorm2D(Var, BatchNormOperands)"/>:
    /// [N, C, H, W] → [N, K, H', W']. Where the backend can, the convolution normalizes what it reads, forward and for its
    /// weight's gradient, and the normalized images are not kept.
    /// </summary>
    public static Var NormalizedConv2D(this Var x, BatchNormOperands norm, Var weight, Var? bias = null, ConvolutionWindow? window = null) =>
        x.NormalizedConv2D(norm, weight, bias, window, statistics: null);

    /// <summary>
    /// A convolution between batch norms: of x [N, C, H, W], or behind one of x as in <see cref="NormalizedConv2D(Var,
    /// BatchNormOperands, Var, Var?, ConvolutionWindow?)"/>, and before another, whose operands are given. Returns y [N, K, H',
    /// W'] and the operands to give to the op that normalizes y, once: where the backend can, the statistics of the batch have
    /// been taken as y was written, and are with them.
    /// </summary>
    /// <exception cref="ArgumentException">Shapes do not fit; no statistics have changed.</exception>
    /// <exception cref="InvalidOperationException">An operand is on another tape; no statistics have changed.</exception>
    public static (Var Y, BatchNormOperands Following) MeasuredConv2D(
        this Var x, BatchNormOperands? norm, Var weight, Var? bias, ConvolutionWindow? window, BatchNormOperands following)
    {
        Shape channels = following.Check(x.Tape, ShapeRules.Conv2D(x.Shape, weight.Shape, bias?.Shape, window ?? new ConvolutionWindow(1)));
        Array.ForEach(following.With(x), operand => x.Tape.Check("MeasuredConv2D", operand));
        if (x.Backend is not IFusedNormalization || following.Statistics == BatchStatistics.Running)
        {
            return (Convolve(statistics: null), following);
        }

        StatisticsSink target = following.Target(NormStatistics.Own("MeasuredConv2D", x.Tape, channels));
        Var y = Convolve(target);
        return (y, following with { Measured = (y.Value, target) });

        Var Convolve(StatisticsSink? statistics) => norm is null
            ? x.Conv2D(weight, bias, window, statistics)
            : x.NormalizedConv2D(norm, weight, bias, window, statistics);
    }

    private static Var NormalizedConv2D(this Var x, BatchNormOperands norm, Var weight, Var? bias, ConvolutionWindow? window, StatisticsSink? statistics)
    {
        norm.Check(x.Tape, x.Shape);
        if (x.Backend is not IFusedNormalization fused || norm.LacksBias)
        {
            // Before the running statistics change.
            FusedConvolution.Check("NormalizedConv2D", x, weight, bias, window);
            Var normal = x.BatchNorm2D(norm), convolved = normal.Conv2D(weight, bias, window, statistics);
            x.Tape.Release(normal);
            return convolved;
        }

        FusedConvolution convolution = new("NormalizedConv2D", fused, x, norm.With(x), weight, bias, window);
        NormStatistics entry = norm.StatisticsOf("NormalizedConv2D", x, fused);
        return convolution.Of(norm.Entry(entry), (dnormal, dx) => norm.Backward(x, entry, dnormal, dx), statistics);
    }

    /// <summary>
    /// Batch normalization on a flow's path (Dinh et al. 2017, section 3.7): y = (x − μ)/√(σ² + ε) per channel of x
    /// [N, C, H, W] and log_det [N] = −½·H·W·Σ log(σ² + ε), with the statistics that the settings name; also those that it
    /// used, mean and 1/√(σ² + ε). Updates the running ones [C].
    /// </summary>
    public static (Var Y, Var LogDet, Tensor Mean, Tensor InverseDeviation) FlowNorm(this Var x, Tensor runningMean, Tensor runningVariance, FlowNormSettings settings)
    {
        if (x.Shape.Rank != 4 || x.Shape.Count / Math.Max(1, x.Shape[1]) < 2)
        {
            throw new ArgumentException($"FlowNorm: statistics of a batch need x [N, C, H, W] of at least 2 values per channel; found {x.Shape}. Use a larger batch.");
        }

        Shape channels = [x.Shape[1]];
        ShapeRules.Require("FlowNorm", "the running mean", runningMean.Shape, channels);
        ShapeRules.Require("FlowNorm", "the running variance", runningVariance.Shape, channels);
        x.Tape.Check("FlowNorm", runningMean);
        x.Tape.Check("FlowNorm", runningVariance);
        Tensor y = x.Tape.Own("FlowNorm", x.Shape, x), logDet = x.Tape.Own("FlowNorm", [x.Shape[0]]);
        Tensor batchMean = x.Tape.Own("FlowNorm", channels), mean = x.Tape.Own("FlowNorm", channels), inverseDeviation = x.Tape.Own("FlowNorm", channels);
        x.Backend.FlowNorm(x.Value, runningMean, runningVariance, batchMean, mean, inverseDeviation, y, logDet, settings);
        (Var Y, Var LogDet) result = x.Tape.Record(y, logDet, [x], (dy, dlogDet) =>
            x.Backend.FlowNormBackward(x.Value, batchMean, mean, inverseDeviation, dy, dlogDet, x.Grad, settings));
        return (result.Y, result.LogDet, mean, inverseDeviation);
    }

    /// <summary>
    /// g·v/‖v‖ of v [K, …] over each element of the first axis, with g of K elements (weight normalization, Salimans and
    /// Kingma 2016).
    /// </summary>
    public static Var WeightNorm(this Var v, Var g)
    {
        if (v.Shape.Rank == 0 || g.Shape.Count != v.Shape[0])
        {
            throw new ArgumentException($"WeightNorm: need v [K, …] and g of K elements; found {v.Shape} and {g.Shape}.");
        }

        Tensor w = v.Tape.Own("WeightNorm", v.Shape, v, g);
        v.Backend.WeightNorm(v.Value, g.Value, w);
        return v.Tape.Record(w, [v, g], dw => v.Backend.WeightNormBackward(v.Value, g.Value, dw, v.Grad, g.Grad));
    }

    /// <summary>
    /// Instance normalization (Ulyanov et al. 2016): each channel of each image of x [N, C, H, W] gets mean 0 and variance
    /// 1 over its own pixels, with the biased variance, in training and evaluation alike; an activation follows in the
    /// same pass.
    /// </summary>
    public static Var InstanceNorm2D(this Var x, double epsilon, Activation activation)
    {
        Shape statistics = CheckInstances(x);
        Tensor y = x.Tape.Own("InstanceNorm2D", x.Shape, x), mean = x.Tape.Own("InstanceNorm2D", statistics), inverseDeviation = x.Tape.Own("InstanceNorm2D", statistics);
        x.Backend.InstanceNorm(x.Value, mean, inverseDeviation, y, epsilon, activation);
        return x.Tape.Record(y, [x], dy => x.Backend.InstanceNormBackward(x.Value, mean, inverseDeviation, dy, x.Grad, activation));
    }

    /// <summary>
    /// <see cref="Convolution.Conv2D(Var, Var, Var?, ConvolutionWindow?)"/> of <see cref="InstanceNorm2D(Var, double, Activation)"/>:
    /// [N, C, H, W] → [N, K, H', W']. Where the backend can, the convolution normalizes what it reads.
    /// </summary>
    public static Var InstanceNormalizedConv2D(
        this Var x, double epsilon, Activation activation, Var weight, Var? bias = null, ConvolutionWindow? window = null)
    {
        if (x.Backend is not IFusedNormalization fused)
        {
            Var normal = x.InstanceNorm2D(epsilon, activation), convolved = normal.Conv2D(weight, bias, window);
            x.Tape.Release(normal);
            return convolved;
        }

        Shape statistics = CheckInstances(x);
        FusedConvolution convolution = new("InstanceNormalizedConv2D", fused, x, [x], weight, bias, window);
        Tensor mean = x.Tape.Own("InstanceNormalizedConv2D", statistics), inverseDeviation = x.Tape.Own("InstanceNormalizedConv2D", statistics);
        fused.InstanceNormStatistics(x.Value, mean, inverseDeviation, epsilon);
        return convolution.Of(
            new ChannelNorm(null, null, mean, inverseDeviation, activation),
            (dnormal, dx) => x.Backend.InstanceNormBackward(x.Value, mean, inverseDeviation, dnormal, dx, activation));
    }

    /// <summary>
    /// activation(<see cref="InstanceNorm2D(Var, double, Activation)"/> of x, without one, + residual), both [N, C, H, W]: how a
    /// residual block ends. Where the backend can, in one pass.
    /// </summary>
    public static Var InstanceNorm2D(this Var x, Var residual, double epsilon, Activation activation)
    {
        ShapeRules.Require("InstanceNorm2D", "the residual", residual.Shape, x.Shape);
        if (x.Backend is not IFusedNormalization fused)
        {
            Var normal = x.InstanceNorm2D(epsilon, Activation.None), sum = normal + residual;
            x.Tape.Release(normal);
            if (activation == Activation.None)
            {
                return sum;
            }

            Var rectified = sum.Relu();
            x.Tape.Release(sum);
            return rectified;
        }

        Shape statistics = CheckInstances(x);
        Tensor y = x.Tape.Own("InstanceNorm2D", x.Shape, x, residual), mean = x.Tape.Own("InstanceNorm2D", statistics), inverseDeviation = x.Tape.Own("InstanceNorm2D", statistics);
        fused.InstanceNormSum(x.Value, residual.Value, mean, inverseDeviation, y, epsilon, activation);
        return x.Tape.Record(y, [x, residual], dy =>
        {
            if (activation == Activation.None)
            {
                PassOn(dy);
                return;
            }

            using Tensor through = x.Backend.Allocate(x.Shape, "the gradient of a sum");
            x.Backend.PointwiseBackward<Relu>(y, y, dy, through);
            PassOn(through);
        });

        void PassOn(Tensor dsum)
        {
            x.Backend.InstanceNormBackward(x.Value, mean, inverseDeviation, dsum, x.Grad, Activation.None);
            residual.Receive(dsum);
        }
    }

    private static Shape CheckInstances(Var x) => x.Shape.Rank == 4 && x.Shape[2] * x.Shape[3] >= 2
        ? [x.Shape[0], x.Shape[1]]
        : throw new ArgumentException($"InstanceNorm2D: need x [N, C, H, W] of at least 2 pixels; found {x.Shape}.");
}
