namespace TinyFlow.Nvp.Parameters;

/// <summary>A tensor that belongs to a model and outlives its steps; its <see cref="ParameterSet"/> owns the memory.</summary>
public abstract class ModelTensor
{
    private Tensor? _value;

    private protected ModelTensor(string name, Shape shape, Initializer initializer)
    {
        Name = name;
        Shape = shape;
        Initializer = initializer;
    }

    /// <summary>The full path, which is also the key in checkpoints: <c>coupling_layers.0.coupling_net.network.0.weight</c>.</summary>
    public string Name { get; }

    /// <summary>The shape.</summary>
    public Shape Shape { get; }

    /// <summary>How it starts.</summary>
    public Initializer Initializer { get; }

    /// <summary>The numbers. The parameter set disposes them.</summary>
    /// <exception cref="InvalidOperationException">It has been declared only: the set is not complete yet.</exception>
    public Tensor Value
    {
        get => _value ?? throw NotAllocated();
        internal set => _value = value;
    }

    private protected InvalidOperationException NotAllocated() => new(
        $"'{Name}' {Shape} has no memory yet: it gets it when ParameterSet.Create has seen all declarations. Use it after that.");
}
