using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// Batch normalization as a step of the flow: y = (x − μ)/√(σ² + ε) per channel, with
/// log_det = −½·H·W·Σ log(σ² + ε), for the very statistics that the pass used (Dinh et al. 2017, section 3.7). Not affine.
/// </summary>
public sealed class FlowBatchNorm : IFlow
{
    private readonly StateBuffer _runningMean, _runningVariance;
    private readonly FlowStatistics _statistics;
    private readonly double _momentum, _epsilon;

    /// <summary>For images of the given number of channels; declares <c>running_mean</c> and <c>running_var</c>, each [channels].</summary>
    /// <param name="scope">Where.</param>
    /// <param name="channels">C.</param>
    /// <param name="statistics">What it normalizes with in training.</param>
    /// <param name="momentum">The weight of a new batch in the running statistics, as in PyTorch.</param>
    /// <param name="epsilon">Added to the variance.</param>
    public FlowBatchNorm(ParameterScope scope, int channels, FlowStatistics statistics, double momentum, double epsilon = 1e-5)
    {
        _runningMean = scope.Buffer("running_mean", [channels], Initializers.Zero);
        _runningVariance = scope.Buffer("running_var", [channels], Initializers.One);
        _statistics = statistics;
        _momentum = momentum;
        _epsilon = epsilon;
    }

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass)
    {
        (Var mean, Var variance) = pass == Pass.Training ? TrainingStatistics(x) : RunningStatistics(x.Tape);
        Var shifted = variance + _epsilon, logarithm = shifted.Log(), logScale = logarithm * -0.5, scale = logScale.Exp();
        Var centred = x - mean, y = centred * scale, logDet = LogDeterminants.OfChannels(logScale, x);
        x.Tape.ReleaseAll(mean, variance, shifted, logarithm, logScale, scale, centred);
        return (y, logDet);
    }

    /// <inheritdoc/>
    public Var Inverse(Var y)
    {
        (Var mean, Var variance) = RunningStatistics(y.Tape);
        Var shifted = variance + _epsilon, deviation = shifted.Sqrt(), scaled = y * deviation, x = scaled + mean;
        y.Tape.ReleaseAll(mean, variance, shifted, deviation, scaled);
        return x;
    }

    private (Var Mean, Var Variance) RunningStatistics(Tape tape) => (PerChannel(tape, _runningMean), PerChannel(tape, _runningVariance));

    private (Var Mean, Var Variance) TrainingStatistics(Var x)
    {
        long count = x.Shape.Count / Math.Max(1, x.Shape[1]);
        if (count < 2)
        {
            throw new ArgumentException($"FlowBatchNorm: statistics of a batch need at least 2 values per channel; found {x.Shape}. Use a larger batch.");
        }

        Var mean = x.MeanOver(0, 2, 3), variance = x.VarianceOver(0, 2, 3), unbiased = variance * ((double)count / (count - 1));
        Var mixedMean = Mix(_runningMean, mean), mixedVariance = Mix(_runningVariance, unbiased);
        x.Tape.Release(unbiased);
        (Var Mean, Var Variance) used = (mean, variance), other = (mixedMean, mixedVariance);
        if (_statistics == FlowStatistics.UpdatedRunning)
        {
            (used, other) = (other, used);
        }

        x.Tape.ReleaseAll(other.Mean, other.Variance);
        return used;
    }

    /// <summary>(1 − momentum)·running + momentum·batch, which the buffer keeps.</summary>
    private Var Mix(StateBuffer running, Var batch)
    {
        Var old = PerChannel(batch.Tape, running), oldPart = old * (1 - _momentum), newPart = batch * _momentum, mixed = oldPart + newPart;
        batch.Backend.ScaleShift(mixed.Value, 1, 0, running.Value);
        batch.Tape.ReleaseAll(old, oldPart, newPart);
        return mixed;
    }

    private static Var PerChannel(Tape tape, StateBuffer buffer) => tape.Constant(buffer.Value).Reshape([1, buffer.Shape[0], 1, 1]);
}
