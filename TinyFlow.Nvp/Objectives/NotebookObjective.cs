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
        double wrongSign = -Likelihood.LogBinVolume(_model.Dimensions);
        return new LossParts(terms, _model.Dimensions, wrongSign, _penalty.On(tape, terms.Z.Shape[0]), PenaltyCounts: 1, BatchNormTerms(tape)).Terms();
    }

    // The forward pass has updated the running variances already: the published code reads them after it, too.
    private (double Weight, Var Value)[] BatchNormTerms(Tape tape) => _batchNorms.Length == 0
        ? []
        :
        [
            (1, Reductions.SumOf<LogAbs>(1, Array.ConvertAll(_batchNorms, norm => norm.Gamma.On(tape)))),
            (-1, Reductions.SumOf<LogDeviation>(1, Array.ConvertAll(_batchNorms, norm => tape.Constant(norm.RunningVariance.Value)))),
        ];
}
