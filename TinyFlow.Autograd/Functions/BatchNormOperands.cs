namespace TinyFlow.Autograd.Functions;

/// <summary>What a batch normalization of x [N, C, H, W] needs besides x.</summary>
/// <param name="Gamma">[C], what the normalized values are multiplied by.</param>
/// <param name="Beta">[C], what is added to that.</param>
/// <param name="RunningMean">[C]; with batch statistics it takes that of the batch in.</param>
/// <param name="RunningVariance">[C]; the same.</param>
/// <param name="Settings">How.</param>
/// <param name="Statistics">Those of the batch, or the running ones.</param>
/// <param name="Bias">[C], as if it were added to x before; may be absent.</param>
public sealed record BatchNormOperands(
    Var Gamma, Var Beta, Tensor RunningMean, Tensor RunningVariance, BatchNormSettings Settings, BatchStatistics Statistics, Var? Bias = null)
{
    /// <summary>If the batch's statistics have been taken already, of what, and where they went, the running ones among them.</summary>
    internal (Tensor Of, StatisticsSink Statistics)? Measured { get; init; }

    /// <summary>Whether the bias has to be added first: running statistics do not take it away again.</summary>
    internal bool LacksBias => Bias is not null && Statistics == BatchStatistics.Running;

    /// <summary>x + bias.</summary>
    internal Var AddBias(Var x) => x + Bias!.Reshape([1, x.Shape[1], 1, 1]);

    /// <summary>x and the other operands that may have gradients.</summary>
    internal Var[] With(Var x) => Bias is null ? [x, Gamma, Beta] : [x, Gamma, Beta, Bias];

    /// <summary>Where its statistics go.</summary>
    internal StatisticsSink Target(NormStatistics statistics) => new(
        statistics.Mean, statistics.InverseDeviation, RunningMean, RunningVariance, Settings, Bias?.Value);

    /// <summary>The batch's statistics of x, if they have been taken already.</summary>
    /// <exception cref="InvalidOperationException">They have been taken for something else.</exception>
    internal NormStatistics? Known(Var x)
    {
        if (Measured is not { } measured)
        {
            return null;
        }

        NormStatistics known = new(measured.Statistics.Mean, measured.Statistics.InverseDeviation);
        return measured.Of == x.Value && Statistics == BatchStatistics.Batch && measured.Statistics == Target(known)
            ? known
            : throw new InvalidOperationException(
                "BatchNorm2D: these operands have the statistics of the result that MeasuredConv2D gave with them, and go with it as they are. Make others for anything else.");
    }

    /// <summary>What x is normalized with: the statistics that have been taken, those of x now, or the running ones.</summary>
    internal NormStatistics StatisticsOf(string op, Var x, IFusedNormalization backend)
    {
        if (Known(x) is { } known)
        {
            return known;
        }

        if (Statistics == BatchStatistics.Running)
        {
            NormStatistics running = new(RunningMean, x.Tape.Own(op, RunningMean.Shape));
            backend.InverseDeviation(RunningVariance, running.InverseDeviation, Settings.Epsilon);
            return running;
        }

        NormStatistics measured = NormStatistics.Own(op, x.Tape, RunningMean.Shape);
        backend.BatchNormStatistics(x.Value, Target(measured));
        return measured;
    }

    /// <summary>What is done to x, given its statistics.</summary>
    internal ChannelNorm Entry(NormStatistics statistics) => new(
        Gamma.Value, Beta.Value, statistics.Mean, statistics.InverseDeviation, Settings.Activation);

    /// <summary>Passes the gradient of the normalized x on: to x by a sink.</summary>
    internal void Backward(Var x, NormStatistics statistics, Tensor dy, Sink dx) => x.Backend.BatchNormBackward(
        x.Value, Gamma.Value, Beta.Value, statistics.Mean, statistics.InverseDeviation, dy, dx, Gamma.Grad, Beta.Grad, Settings, Statistics, Bias?.Grad ?? Sink.None);

    /// <summary>Throws unless all fits x; else [C].</summary>
    internal Shape Check(Tape tape, Shape x)
    {
        if (x.Rank != 4)
        {
            throw new ArgumentException($"BatchNorm2D: need x [N, C, H, W]; found {x}.");
        }

        Shape channels = [x[1]];
        ShapeRules.Require("BatchNorm2D", "gamma", Gamma.Shape, channels);
        ShapeRules.Require("BatchNorm2D", "beta", Beta.Shape, channels);
        ShapeRules.Require("BatchNorm2D", "the running mean", RunningMean.Shape, channels);
        ShapeRules.Require("BatchNorm2D", "the running variance", RunningVariance.Shape, channels);
        tape.Check("BatchNorm2D", RunningMean);
        tape.Check("BatchNorm2D", RunningVariance);
        if (Statistics == BatchStatistics.Batch && x.Count / Math.Max(1, x[1]) < 2)
        {
            throw new ArgumentException($"BatchNorm2D: batch statistics need at least 2 values per channel; found {x}. Use running statistics or a larger batch.");
        }

        if (Bias is not null)
        {
            ShapeRules.Require("BatchNorm2D", "the bias", Bias.Shape, channels);
        }

        return channels;
    }
}

/// <summary>What images are normalized with, [C] each.</summary>
internal readonly record struct NormStatistics(Tensor Mean, Tensor InverseDeviation)
{
    /// <summary>Those of a batch, still to be taken; the tape owns them.</summary>
    public static NormStatistics Own(string op, Tape tape, Shape channels) => new(tape.Own(op, channels), tape.Own(op, channels));
}
