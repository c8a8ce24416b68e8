using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Parameters;

/// <summary>Numbers of a model that can be put on a tape: kept as they are, or computed from what is kept.</summary>
public interface IOperand
{
    /// <summary>The numbers as an operand on a tape.</summary>
    Var On(Tape tape);
}
