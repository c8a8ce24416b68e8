namespace TinyFlow.Nvp.Parameters;

/// <summary>Numbers that a model keeps and saves but that have no gradient: running statistics, flags.</summary>
public sealed class StateBuffer : ModelTensor
{
    internal StateBuffer(string name, Shape shape, Initializer initializer) : base(name, shape, initializer)
    {
    }
}
