using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Pointwise;

namespace TinyFlow.Nvp.Objectives;

/// <summary>
/// The seed notebook's loss as published, for parity: not a likelihood. It subtracts D·log 256 where a likelihood adds
/// it, counts the L2 term as likelihood, and adds Σ log|γ/(√running_var + ε)| over the batch norms within the
/// conditioners, which are not on the path from x to z.
/// </summary>
internal sealed class NotebookObjective : IObjective
{
    private readonly FlowModel _model;
    private readonly WeightPenalty _penalty;
    private readonly (Parameter Gamma, StateBuffer RunningVariance)[] _batchNorms;

    public NotebookObjective(FlowModel model, double l2, PenaltyKind kind)
    {
        const string Statistics = "running_var", Scale = "weight";
        _model = model;
        _penalty = new WeightPenalty(model, l2, kind);
        Dictionary<string, Parameter> byName = model.Parameters.Parameters.ToDictionary(parameter => parameter.Name);

        // Batch norms on the flow's path have no γ.
        _batchNorms =
        [
            .. from buffer in model.Parameters.Buffers
               where buffer.Name.EndsWith("." + Statistics, StringComparison.Ordinal)
               let gamma = byName.GetValueOrDefault(buffer.Name[..^Statistics.Length] + Scale)
               where gamma is not null
               select (gamma, buffer),
        ];
    }

    /// <inheritdoc/>
    public ObjectiveKind Kind => ObjectiveKind.Notebook;

    /// <inheritdoc/>
    public bool IsLikelihood => false;

    /// <inheritdoc/>
    public LossTerms Loss(FlowTerms terms)
    {
        Tape tape = terms.Z.Tape;
        int dimensions = _model.Dimensions;
        double wrongSign = -Likelihood.LogBinVolume(dimensions);
        Var logProbZ = terms.LogProbZ.Mean(), logDet = terms.LogDet.Mean(), penalty = _penalty.On(tape, terms.Z.Shape[0]), batchNorm = BatchNormTerm(tape);
        Var nll = Arithmetic.Combine(-wrongSign, (1, penalty), (-1, logProbZ), (-1, logDet), (-1, batchNorm));
        return new LossTerms(
            nll, nll, nll * Likelihood.NatsToBitsPerDim(1, dimensions), logProbZ, logDet,
            batchNorm, Scalars.Constant(tape, wrongSign), penalty);
    }

    // The forward pass has updated the running variances already: the published code reads them after it, too.
    private Var BatchNormTerm(Tape tape)
    {
        if (_batchNorms.Length == 0)
        {
            return Scalars.Constant(tape, 0);
        }

        Var scales = Reductions.SumOf<LogAbs>(1, Array.ConvertAll(_batchNorms, norm => norm.Gamma.On(tape)));
        Var deviations = Reductions.SumOf<LogDeviation>(1, Array.ConvertAll(_batchNorms, norm => tape.Constant(norm.RunningVariance.Value)));
        return scales - deviations;
    }
}
