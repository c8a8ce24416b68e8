using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Training;

/// <summary>
/// An exponential moving average of all parameters (Polyak and Juditsky 1992), to be evaluated and sampled in their
/// place: average ← d·average + (1 − d)·parameters after each update, where d is the decay, but less in the first steps,
/// which are soon to be forgotten. The model holds either the parameters that are trained or their average; this holds
/// the other.
/// </summary>
internal sealed class WeightAverage : IDisposable
{
    private const string TrainedPrefix = "trained.";

    private readonly ParameterSet _parameters;
    private readonly double _decay;
    private readonly Tensor _other, _room;

    /// <summary>The average of a model's parameters as they are.</summary>
    public WeightAverage(ParameterSet parameters, double decay)
    {
        _parameters = parameters;
        _decay = decay;
        _other = parameters.Backend.CopyOf(parameters.Values);
        _room = parameters.Backend.Allocate(parameters.Values.Shape, "room to exchange parameters with their average");
        Trained = [.. parameters.Parameters.Select(p => (TrainedPrefix + p.Name, _other.Section(p.Start, p.Shape)))];
        IsInModel = true;
    }

    /// <summary>Whether the model holds the average now.</summary>
    public bool IsInModel { get; private set; }

    /// <summary>The parameters that are trained, as a checkpoint names them, while the average is in the model.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> Trained { get; }

    /// <summary>Starts again from the parameters as they are.</summary>
    public void Reset() => Copy(_parameters.Values, _other);

    /// <summary>Says that a checkpoint has been loaded, which is saved while the average is in the model.</summary>
    public void Resumed() => IsInModel = true;

    /// <summary>The share of the average that stays with an update.</summary>
    /// <param name="step">The number of updates, this one included.</param>
    public double DecayAt(long step) => Math.Min(_decay, step / (step + 9.0));

    /// <summary>Takes an update of the parameters in, unless the guard is not finite.</summary>
    /// <param name="kept"><see cref="DecayAt"/>, of shape [].</param>
    /// <param name="taken">1 less it, of shape [].</param>
    /// <param name="guard">See <see cref="AdamOptimizer.Guard"/>.</param>
    public void Update(Tensor kept, Tensor taken, Tensor guard) => _parameters.Backend.MoveAverage(_parameters.Values, kept, taken, guard, _other);

    /// <summary>Puts the average into the model, if it is not there.</summary>
    public void Show() => Exchange(toAverage: true);

    /// <summary>Puts the parameters that are trained back into the model, if they are not there.</summary>
    public void Hide() => Exchange(toAverage: false);

    /// <summary>Releases what the model does not hold.</summary>
    public void Dispose()
    {
        foreach ((_, Tensor section) in Trained)
        {
            section.Dispose();
        }

        _other.Dispose();
        _room.Dispose();
    }

    private void Exchange(bool toAverage)
    {
        if (IsInModel == toAverage)
        {
            return;
        }

        IsInModel = toAverage;
        Copy(_parameters.Values, _room);
        Copy(_other, _parameters.Values);
        Copy(_room, _other);
    }

    private static void Copy(Tensor from, Tensor to) => to.Backend.ScaleShift(from, 1, 0, to);
}
