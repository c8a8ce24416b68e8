using TinyFlow.Nvp.Parameters;
using TinyFlow.Pointwise;

namespace TinyFlow.Nvp.Training;

/// <summary>A run of the flat parameters that Adam updates with settings, a gradient norm and counters of its own.</summary>
internal sealed class AdamGroup : IDisposable
{
    private readonly Tensor _values, _gradients, _first, _second, _learningRate;
    private readonly AdamSettings _settings;

    /// <summary>The elements from <paramref name="start"/> to <paramref name="end"/> of the set's flat tensors and of both moments.</summary>
    public AdamGroup(
        string name, ParameterSet parameters, Tensor first, Tensor second, long start, long end, double learningRate, AdamSettings settings)
    {
        IBackend backend = parameters.Backend;
        Shape shape = [checked((int)(end - start))];
        Name = name;
        _values = parameters.Values.Section(start, shape);
        _gradients = parameters.Gradients.Section(start, shape);
        _first = first.Section(start, shape);
        _second = second.Section(start, shape);
        _settings = settings;
        Counters = backend.Create([3], (ReadOnlySpan<double>)[learningRate, 0, 0]);
        _learningRate = Counters.Section(0, [1]);
        SquaredNorm = backend.Zeros([]);
    }

    /// <summary>The key of the counters in a checkpoint.</summary>
    public string Name { get; }

    /// <summary>Learning rate, steps done, steps skipped; of shape [3].</summary>
    public Tensor Counters { get; }

    /// <summary>Σ g² of the group, of shape [].</summary>
    public Tensor SquaredNorm { get; }

    /// <summary>Sets the step size of the steps to come.</summary>
    public void SetLearningRate(double learningRate) => Counters.Backend.Fill(_learningRate, learningRate);

    /// <summary>The same from the backend's memory, shape [].</summary>
    public void SetLearningRate(Tensor learningRate) => Counters.Backend.ScaleShift(learningRate, 1, 0, _learningRate);

    /// <summary>Computes <see cref="SquaredNorm"/>.</summary>
    public void Measure() => Counters.Backend.SumOf<Square>([_gradients], 1, SquaredNorm);

    /// <summary>Changes the parameters, unless <see cref="SquaredNorm"/> is not finite.</summary>
    public void Step() => Counters.Backend.Adam(_values, _gradients, _first, _second, SquaredNorm, Counters, _settings);

    /// <summary>Releases what it holds.</summary>
    public void Dispose()
    {
        foreach (Tensor tensor in (ReadOnlySpan<Tensor>)[_values, _gradients, _first, _second, _learningRate, Counters, SquaredNorm])
        {
            tensor.Dispose();
        }
    }
}
