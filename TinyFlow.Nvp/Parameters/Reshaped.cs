using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Nvp.Parameters;

/// <summary>An operand under another shape than the one under which checkpoints hold it.</summary>
public sealed class Reshaped(IOperand operand, Shape shape) : IOperand
{
    /// <inheritdoc/>
    public Var On(Tape tape)
    {
        Var value = operand.On(tape), reshaped = value.Reshape(shape);
        tape.Release(value);
        return reshaped;
    }
}
