using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Objectives;

/// <summary>
/// A coefficient times Σ w² over all parameters whose name contains <c>weight</c>: convolutions, and the γ of batch norms.
/// </summary>
internal sealed class WeightPenalty(FlowModel model, double coefficient)
{
    private readonly Parameter[] _weights =
        [.. model.Parameters.Parameters.Where(parameter => parameter.Name.Contains("weight", StringComparison.Ordinal))];

    /// <summary>The term, of shape [].</summary>
    public Var On(Tape tape)
    {
        Var? sum = null;
        foreach (Parameter weight in coefficient == 0 ? [] : _weights)
        {
            Var squares = weight.On(tape).Square().Sum();
            sum = sum is null ? squares : sum + squares;
        }

        return sum is null ? Scalars.Constant(tape, 0) : sum * coefficient;
    }
}
