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
    /// <summary>Whether the bias has to be added first: running statistics do not take it away again.</summary>
    internal bool LacksBias => Bias is not null && Statistics == BatchStatistics.Running;

    /// <summary>x + bias.</summary>
    internal Var AddBias(Var x) => x + Bias!.Reshape([1, x.Shape[1], 1, 1]);

    /// <summary>x and the other operands that may have gradients.</summary>
    internal Var[] With(Var x) => Bias is null ? [x, Gamma, Beta] : [x, Gamma, Beta, Bias];

    /// <summary>Passes the gradient of the normalized x on: to x by a sink.</summary>
    internal void Backward(Var x, Tensor mean, Tensor inverseDeviation, Tensor dy, Sink dx) => x.Backend.BatchNormBackward(
        x.Value, Gamma.Value, Beta.Value, mean, inverseDeviation, dy, dx, Gamma.Grad, Beta.Grad, Settings, Statistics, Bias?.Grad ?? Sink.None);

    /// <summary>Throws unless all fits x; else [C].</summary>
    internal Shape Check(Var x)
    {
        if (x.Shape.Rank != 4)
        {
            throw new ArgumentException($"BatchNorm2D: need x [N, C, H, W]; found {x.Shape}.");
        }

        Shape channels = [x.Shape[1]];
        ShapeRules.Require("BatchNorm2D", "gamma", Gamma.Shape, channels);
        ShapeRules.Require("BatchNorm2D", "beta", Beta.Shape, channels);
        ShapeRules.Require("BatchNorm2D", "the running mean", RunningMean.Shape, channels);
        ShapeRules.Require("BatchNorm2D", "the running variance", RunningVariance.Shape, channels);
        x.Tape.Check("BatchNorm2D", RunningMean);
        x.Tape.Check("BatchNorm2D", RunningVariance);
        if (Statistics == BatchStatistics.Batch && x.Shape.Count / Math.Max(1, x.Shape[1]) < 2)
        {
            throw new ArgumentException($"BatchNorm2D: batch statistics need at least 2 values per channel; found {x.Shape}. Use running statistics or a larger batch.");
        }

        if (Bias is not null)
        {
            ShapeRules.Require("BatchNorm2D", "the bias", Bias.Shape, channels);
        }

        return channels;
    }
}
