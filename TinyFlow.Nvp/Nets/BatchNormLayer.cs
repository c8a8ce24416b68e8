using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Nets;

/// <summary>Batch normalization within a network, as torch.nn.BatchNorm2d, with an activation in the same pass.</summary>
public sealed class BatchNormLayer : INet
{
    private readonly Parameter _gamma, _beta;
    private readonly StateBuffer _runningMean, _runningVariance;
    private readonly BatchNormSettings _settings;

    /// <summary>Declares <c>weight</c>, <c>bias</c>, <c>running_mean</c> and <c>running_var</c>, each [channels].</summary>
    public BatchNormLayer(ParameterScope scope, int channels, BatchNormSettings settings)
    {
        _gamma = scope.Parameter("weight", [channels], Initializers.One);
        _beta = scope.Parameter("bias", [channels], Initializers.Zero);
        _runningMean = scope.Buffer("running_mean", [channels], Initializers.Zero);
        _runningVariance = scope.Buffer("running_var", [channels], Initializers.One);
        _settings = settings;
    }

    /// <inheritdoc/>
    public Var Forward(Var x, Pass pass) => x.BatchNorm2D(Operands(x.Tape, bias: null, pass));

    /// <summary>What it normalizes with on a tape; the bias [channels], which may be absent, is one that its input lacks yet.</summary>
    internal BatchNormOperands Operands(Tape tape, Var? bias, Pass pass) => new(
        _gamma.On(tape), _beta.On(tape), _runningMean.Value, _runningVariance.Value,
        pass == Pass.Replay ? _settings with { Momentum = 0 } : _settings,
        pass == Pass.Evaluation ? BatchStatistics.Running : BatchStatistics.Batch, bias);
}
