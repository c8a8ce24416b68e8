using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Parameters;

/// <summary>Numbers that follow from the model's settings, such as masks: neither trained nor saved.</summary>
public sealed class ModelConstant : ModelTensor
{
    internal ModelConstant(string name, Shape shape, Initializer initializer) : base(name, shape, initializer)
    {
    }

    /// <summary>The numbers as an operand without gradient.</summary>
    public Var On(Tape tape) => tape.Constant(Value);
}
