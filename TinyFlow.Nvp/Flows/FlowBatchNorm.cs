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
    private readonly ModelConstant _batchMean, _batchInverseDeviation;
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
        _batchMean = scope.Constant("batch_mean", [channels], new float[channels]);
        _batchInverseDeviation = scope.Constant("batch_inverse_deviation", [channels], new float[channels]);
        _statistics = statistics;
        _momentum = momentum;
        _epsilon = epsilon;
    }

    /// <inheritdoc/>
    public (Var Y, Var LogDet) Forward(Var x, Pass pass)
    {
        if (pass == Pass.Evaluation)
        {
            return WithRunningStatistics(x);
        }

        (Var y, Var logDet, Tensor mean, Tensor inverseDeviation) = x.FlowNorm(
            _runningMean.Value, _runningVariance.Value, new FlowNormSettings(_epsilon, _momentum, _statistics, IsUpdated: pass == Pass.Replay));
        if (pass == Pass.Training && _statistics == FlowStatistics.Batch)
        {
            x.Backend.ScaleShift(mean, 1, 0, _batchMean.Value);
            x.Backend.ScaleShift(inverseDeviation, 1, 0, _batchInverseDeviation.Value);
        }

        return (y, logDet);
    }

    /// <inheritdoc/>
    public Var Inverse(Var y)
    {
        Var mean = PerChannel(y.Tape, _runningMean), deviation = RunningDeviation(y.Tape), scaled = y * deviation, x = scaled + mean;
        y.Tape.ReleaseAll(mean, deviation, scaled);
        return x;
    }

    /// <inheritdoc/>
    Rebuilt IReversible.Reverse(Tape outer, Tensor y, Tensor dy, Tensor dlogDet)
    {
        using Tape tape = new(outer.Backend, recording: false);
        Var result = tape.Constant(y);
        Var x = _statistics == FlowStatistics.Batch
            ? result / PerChannel(tape, _batchInverseDeviation) + PerChannel(tape, _batchMean)
            : Inverse(result);
        return Reversal.Through(this, outer, tape.Detach(x), dy, dlogDet);
    }

    private (Var Y, Var LogDet) WithRunningStatistics(Var x)
    {
        Var mean = PerChannel(x.Tape, _runningMean), deviation = RunningDeviation(x.Tape), logDeviation = deviation.Log(), logScale = -logDeviation;
        Var centred = x - mean, y = centred / deviation, logDet = LogDeterminants.OfChannels(logScale, x);
        x.Tape.ReleaseAll(mean, deviation, logDeviation, logScale, centred);
        return (y, logDet);
    }

    private Var RunningDeviation(Tape tape)
    {
        Var variance = PerChannel(tape, _runningVariance), shifted = variance + _epsilon, deviation = shifted.Sqrt();
        tape.ReleaseAll(variance, shifted);
        return deviation;
    }

    private static Var PerChannel(Tape tape, ModelTensor buffer) => tape.Constant(buffer.Value).Reshape([1, buffer.Shape[0], 1, 1]);
}
