using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Parameters;

/// <summary>
/// Numbers that training changes. Value and gradient are sections of the set's two flat tensors, so that an optimizer
/// (and later an all-reduce) handles all parameters at once.
/// </summary>
public sealed class Parameter : ModelTensor, IOperand
{
    private Tensor? _gradient;

    internal Parameter(string name, Shape shape, Initializer initializer) : base(name, shape, initializer)
    {
    }

    /// <summary>The gradient that <see cref="Tape.Backward"/> left here. The parameter set disposes it.</summary>
    public Tensor Gradient
    {
        get => _gradient ?? throw NotAllocated();
        internal set => _gradient = value;
    }

    /// <summary>Whether these are the lengths of a weight-normed weight.</summary>
    public bool IsLength => Name.EndsWith("." + NormedWeight.LengthSuffix, StringComparison.Ordinal);

    /// <summary>Where this parameter starts in the flat tensors, in elements.</summary>
    public long Start { get; internal set; }

    /// <summary>The parameter as an operand on a tape; the same var each time.</summary>
    public Var On(Tape tape) => tape.Parameter(Value, Gradient);
}
