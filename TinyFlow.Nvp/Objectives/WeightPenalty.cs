using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Pointwise;

namespace TinyFlow.Nvp.Objectives;

/// <summary>A coefficient times the squares of the numbers that a kind of penalty is about.</summary>
internal sealed class WeightPenalty(FlowModel model, double coefficient, PenaltyKind kind)
{
    private readonly Parameter[] _weights = [.. model.Parameters.Parameters.Where(parameter => IsMeant(parameter.Name, kind))];

    /// <summary>The term, of shape [], for a batch of so many images; null if there is none.</summary>
    public Var? On(Tape tape, int images)
    {
        double scale = kind == PenaltyKind.CouplingScalesPerImage ? coefficient / images : coefficient;
        return scale == 0 || _weights.Length == 0
            ? null
            : Reductions.SumOf<Square>(scale, Array.ConvertAll(_weights, weight => weight.On(tape)));
    }

    private static bool IsMeant(string name, PenaltyKind kind) => kind == PenaltyKind.CouplingScalesPerImage
        ? name.StartsWith("s_scale.", StringComparison.Ordinal)
        : name.Contains("weight", StringComparison.Ordinal);
}
