using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Training;

/// <summary>
/// Adam (Kingma and Ba 2015) over all parameters at once, exactly as torch.optim.Adam (or Adamax) with coupled weight decay and
/// torch.nn.utils.clip_grad_norm_ before it. Its state lives in the backend's memory: a step never waits for the device.
/// A step whose gradient is not finite changes nothing but the count of skipped steps, and neither does any after it:
/// who reads the outcome later finds the parameters as they were.
/// </summary>
public sealed class AdamOptimizer : IDisposable
{
    // torch.optim.Adam's defaults.
    private const double Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8;
    private const string FirstPrefix = "exp_avg.", SecondPrefix = "exp_avg_sq.", StateName = "state";

    private readonly ParameterSet _parameters;
    private readonly Tensor _first, _second;
    private readonly AdamGroup[] _groups;
    private readonly (string Name, Tensor Value)[] _entries;

    /// <summary>An optimizer that has taken no step yet.</summary>
    /// <param name="parameters">What it trains; must outlive it.</param>
    /// <param name="learningRate">The step size until <see cref="SetLearningRate(double)"/>.</param>
    /// <param name="weightDecay">Times the parameter is added to its clipped gradient.</param>
    /// <param name="clipNorm">The norm that the gradients of each group are clipped to; null for no clipping.</param>
    /// <param name="groups">Which parameters weight decay acts on, and which are clipped together.</param>
    /// <param name="kind">Adam or Adamax.</param>
    public AdamOptimizer(
        ParameterSet parameters, double learningRate, double weightDecay = 0, double? clipNorm = null, ParameterGroups groups = ParameterGroups.Together,
        OptimizerKind kind = OptimizerKind.Adam)
    {
        IBackend backend = parameters.Backend;
        _parameters = parameters;
        _first = backend.Zeros(parameters.Values.Shape);
        _second = backend.Zeros(parameters.Values.Shape);
        long lengths = groups == ParameterGroups.LengthsApart ? parameters.LengthsStart : 0, end = parameters.Values.Count;
        AdamSettings settings = new(Beta1, Beta2, Epsilon, weightDecay, clipNorm ?? double.PositiveInfinity, kind == OptimizerKind.Adamax ? AdamScale.Maximum : AdamScale.RootMeanSquare);
        AdamGroup Group(string name, long start, long stop, AdamSettings its) => new(name, parameters, _first, _second, start, stop, learningRate, its);
        _groups = lengths > 0 && lengths < end
            ? [Group(StateName, 0, lengths, settings with { WeightDecay = 0 }), Group($"{StateName}.{NormedWeight.LengthSuffix}", lengths, end, settings)]
            : [Group(StateName, 0, end, settings)];
        SquaredGradientNorm = backend.Zeros([]);
        Guard = backend.Zeros([]);
        _entries =
        [
            .. parameters.Parameters.Select(p => (FirstPrefix + p.Name, _first.Section(p.Start, p.Shape))),
            .. parameters.Parameters.Select(p => (SecondPrefix + p.Name, _second.Section(p.Start, p.Shape))),
            .. _groups.Select(group => (group.Name, group.Counters)),
        ];
    }

    /// <summary>The optimizer of training settings.</summary>
    public AdamOptimizer(ParameterSet parameters, TrainingConfig config)
        : this(parameters, config.LearningRate, config.WeightDecay, config.ClipNorm, config.Groups, config.Optimizer)
    {
    }

    /// <summary>Σ g² over all parameters, before clipping, of the last step; of shape []. Reading it waits for the device.</summary>
    public Tensor SquaredGradientNorm { get; }

    /// <summary>0, or NaN since a step whose loss or gradients were not finite; of shape [].</summary>
    internal Tensor Guard { get; }

    /// <summary>Learning rate, steps done, steps skipped; of shape [3]. Reading it waits for the device.</summary>
    public Tensor Counters => _groups[0].Counters;

    /// <summary>
    /// What a checkpoint of the optimizer holds: <c>exp_avg.NAME</c> and <c>exp_avg_sq.NAME</c> of each parameter, and
    /// <c>state</c>, with one more for each further group of parameters.
    /// </summary>
    public IReadOnlyList<(string Name, Tensor Value)> State => _entries;

    /// <summary>Sets the step size of the steps to come.</summary>
    public void SetLearningRate(double learningRate)
    {
        foreach (AdamGroup group in _groups)
        {
            group.SetLearningRate(learningRate);
        }
    }

    /// <summary>The same from the backend's memory, shape [].</summary>
    internal void SetLearningRate(Tensor learningRate)
    {
        foreach (AdamGroup group in _groups)
        {
            group.SetLearningRate(learningRate);
        }
    }

    /// <summary>Changes the parameters by the gradients that the last backward pass left in their set.</summary>
    /// <param name="loss">What was differentiated, if the step is to be skipped too where this is not finite; of shape [].</param>
    public void Step(Tensor? loss = null)
    {
        IBackend backend = _parameters.Backend;
        foreach (AdamGroup group in _groups)
        {
            group.Measure();
        }

        backend.Combine(Array.ConvertAll(_groups, group => group.SquaredNorm), Array.ConvertAll(_groups, _ => 1.0), 0, SquaredGradientNorm);

        // 0·x is 0, or NaN if x is not finite: then no group takes the step.
        backend.Combine([Guard, SquaredGradientNorm, loss ?? SquaredGradientNorm], [1, 0, 0], 0, Guard);

        foreach (AdamGroup group in _groups)
        {
            backend.ScaleShift(Guard, 1, 0, Sink.AddTo(group.SquaredNorm));
            group.Step();
        }
    }

    /// <summary>Lets steps be taken again, after one that was not finite.</summary>
    internal void ResetGuard() => _parameters.Backend.Fill(Guard, 0);

    /// <summary>Copies of all that <see cref="State"/> names, on the host.</summary>
    public IReadOnlyList<NamedArray> Export() => StateLoading.Read(_entries);

    /// <summary>Sets all that <see cref="State"/> names.</summary>
    /// <exception cref="ArgumentException">Names are missing or unexpected, or shapes differ: all are listed, and nothing has been changed.</exception>
    public void Import(IEnumerable<NamedArray> arrays) => StateLoading.Load("Loading the optimizer's state", _entries, arrays, _ => false);

    /// <summary>Releases the moments and counters.</summary>
    public void Dispose()
    {
        foreach ((_, Tensor value) in _entries)
        {
            value.Dispose();
        }

        foreach (AdamGroup group in _groups)
        {
            group.Dispose();
        }

        _first.Dispose();
        _second.Dispose();
        SquaredGradientNorm.Dispose();
        Guard.Dispose();
    }
}
