namespace TinyFlow.Nvp.Parameters;

/// <summary>
/// A place in the tree of names where a layer declares what it keeps. One call gives name, shape, owner and checkpoint key:
/// <code>
/// Parameter weight = (scope / "conv1").Parameter("weight", [64, 1, 3, 3], Initializers.FanIn(9));   // "conv1.weight"
/// </code>
/// Names follow torch.nn.Module: <c>parent.child.weight</c>.
/// </summary>
public sealed class ParameterScope
{
    private readonly List<ModelTensor> _declared;
    private readonly HashSet<string> _names;

    internal ParameterScope(List<ModelTensor> declared) : this(declared, [], "")
    {
    }

    private ParameterScope(List<ModelTensor> declared, HashSet<string> names, string path)
    {
        _declared = declared;
        _names = names;
        Path = path;
    }

    /// <summary>The path of this place, empty at the root.</summary>
    public string Path { get; }

    /// <summary>The place called <paramref name="name"/> within a place.</summary>
    public static ParameterScope operator /(ParameterScope scope, string name) => new(scope._declared, scope._names, scope.Join(name));

    /// <summary>The place of a number within a place, as in torch.nn.ModuleList.</summary>
    public static ParameterScope operator /(ParameterScope scope, int index) => scope / index.ToString();

    /// <summary>Declares numbers to be trained.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public Parameter Parameter(string name, Shape shape, Initializer initializer) => Declare(new Parameter(Join(name), shape, initializer));

    /// <summary>Declares numbers to be kept and saved, but not trained.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public StateBuffer Buffer(string name, Shape shape, Initializer initializer) => Declare(new StateBuffer(Join(name), shape, initializer));

    /// <summary>Declares numbers that follow from the settings.</summary>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public ModelConstant Constant(string name, Shape shape, float[] values) =>
        Declare(new ModelConstant(Join(name), shape, (_, _) => values));

    private T Declare<T>(T tensor) where T : ModelTensor
    {
        if (!_names.Add(tensor.Name))
        {
            throw new ArgumentException($"ParameterScope: '{tensor.Name}' is declared twice. Give each layer a place of its own: scope / \"name\".");
        }

        _declared.Add(tensor);
        return tensor;
    }

    private string Join(string name) => Path.Length == 0 ? name : $"{Path}.{name}";
}
