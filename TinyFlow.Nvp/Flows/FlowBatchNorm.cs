using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// Batch normalization as a step of the flow: y = (x − μ)/√(σ² + ε) per channel, with
/// log_det = −½·H·W·Σ log(σ² + ε), for the very statistics that the pass used (Dinh et al. 2017, section 3.7). Not affine.
/// </summary>
public sealed class FlowBatchNorm : IFlow, IReversible
{
    private readonly StateBuffer _runningMean, _runningVariance;

    // Of the last training pass: its output has none of it left from which to rebuild the input.
    private readonly ModelConstant _batchMean, _batchVariance;
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
        _batchMean = scope.Constant("batch_mean", [channels], new double[channels]);
        _batchVariance = scope.Constant("batch_var", [channels], new double[channels]);
        _statistics = statistics;
        _momentum = momentum;
        _epsilon = epsilon;
    }

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass)
    {
        (Var mean, Var variance) = pass == Pass.Evaluation ? RunningStatistics(x.Tape) : TrainingStatistics(x, pass);
        Var shifted = variance + _epsilon, logarithm = shifted.Log(), logScale = logarithm * -0.5, scale = logScale.Exp();
        Var centred = x - mean, y = centred * scale, logDet = LogDeterminants.OfChannels(logScale, x);
        x.Tape.ReleaseAll(mean, variance, shifted, logarithm, logScale, scale, centred);
        return (y, logDet);
    }

    /// <inheritdoc/>
    public Var Inverse(Var y) => Inverse(y, RunningStatistics(y.Tape));

    /// <inheritdoc/>
    Rebuilt IReversible.Reverse(Tape outer, Tensor y, Tensor dy, Tensor dlogDet)
    {
        using Tape tape = new(outer.Backend, recording: false);
        (Var, Var) used = _statistics == FlowStatistics.Batch ? (PerChannel(tape, _batchMean), PerChannel(tape, _batchVariance)) : RunningStatistics(tape);
        return Reversal.Through(this, outer, tape.Detach(Inverse(tape.Constant(y), used)), dy, dlogDet);
    }

    private Var Inverse(Var y, (Var Mean, Var Variance) statistics)
    {
        (Var mean, Var variance) = statistics;
        Var shifted = variance + _epsilon, deviation = shifted.Sqrt(), scaled = y * deviation, x = scaled + mean;
        y.Tape.ReleaseAll(mean, variance, shifted, deviation, scaled);
        return x;
    }

    private (Var Mean, Var Variance) RunningStatistics(Tape tape) => (PerChannel(tape, _runningMean), PerChannel(tape, _runningVariance));

    private (Var Mean, Var Variance) TrainingStatistics(Var x, Pass pass)
    {
        long count = x.Shape.Count / Math.Max(1, x.Shape[1]);
        if (count < 2)
        {
            throw new ArgumentException($"FlowBatchNorm: statistics of a batch need at least 2 values per channel; found {x.Shape}. Use a larger batch.");
        }

        Var mean = x.MeanOver(0, 2, 3), variance = x.VarianceOver(0, 2, 3), unbiased = variance * ((double)count / (count - 1));
        if (pass == Pass.Training)
        {
            Keep(_batchMean, mean);
            Keep(_batchVariance, variance);
        }

        Var mixedMean = Mix(_runningMean, mean, pass), mixedVariance = Mix(_runningVariance, unbiased, pass);
        x.Tape.Release(unbiased);
        (Var Mean, Var Variance) used = (mean, variance), other = (mixedMean, mixedVariance);
        if (_statistics == FlowStatistics.UpdatedRunning)
        {
            (used, other) = (other, used);
        }

        x.Tape.ReleaseAll(other.Mean, other.Variance);
        return used;
    }

    /// <summary>
    /// (1 − momentum)·running + momentum·batch, which the buffer keeps; in a replay it has it already, and only the batch's
    /// part of the gradient is missing.
    /// </summary>
    private Var Mix(StateBuffer running, Var batch, Pass pass)
    {
        if (pass == Pass.Replay)
        {
            Var zero = batch - batch.Tape.Constant(batch.Value);
            return PerChannel(batch.Tape, running) + zero * _momentum;
        }

        Var old = PerChannel(batch.Tape, running), oldPart = old * (1 - _momentum), newPart = batch * _momentum, mixed = oldPart + newPart;
        Keep(running, mixed);
        batch.Tape.ReleaseAll(old, oldPart, newPart);
        return mixed;
    }

    private static void Keep(ModelTensor kept, Var value) => value.Backend.ScaleShift(value.Value, 1, 0, kept.Value);

    private static Var PerChannel(Tape tape, ModelTensor buffer) => tape.Constant(buffer.Value).Reshape([1, buffer.Shape[0], 1, 1]);
}
