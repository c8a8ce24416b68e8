using TinyFlow.Autograd;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Training;

/// <summary>
/// A training step as work of the backend alone. What changes from step to step (which images, the learning rate, the share
/// of the average) it reads from tables in the backend's memory, and what is of interest it leaves in another. So a backend
/// that can record work records a step once an epoch and repeats it, and nothing waits for the host.
/// </summary>
internal sealed class StepProgram : IDisposable
{
    // Steps that may be done before the host looks at what came of them: at a millisecond each, the look costs nothing.
    private const int MostAhead = 32;

    // The columns of the table of what changes, and of the one of what came of it: the parts of the loss and Σ g².
    private const int LearningRate = 0, Kept = 1, Taken = 2, FirstImage = 3, Inputs = 4, Outcomes = 9;

    private readonly FlowModel _model;
    private readonly TrainingConfig _config;
    private readonly IObjective _objective;
    private readonly AdamOptimizer _optimizer;
    private readonly WeightAverage? _average;
    private readonly Batches _batches;
    private readonly ImageSet _images;
    private readonly BufferSnapshot _buffersBefore;
    private readonly PixelStore _pixels;
    private readonly Tensor _order, _inputs, _now, _row, _outcomes, _learningRate, _kept, _taken, _first;
    private readonly RepeatedWork _work;
    private readonly double[] _inputsOnHost, _outcomesOnHost;
    private int _epoch = -1;

    public StepProgram(
        FlowModel model, TrainingConfig config, IObjective objective, AdamOptimizer optimizer, WeightAverage? average, Batches batches, ImageSet images, bool records)
    {
        IBackend backend = model.Backend;
        (_model, _config, _objective, _optimizer, _average, _batches, _images) = (model, config, objective, optimizer, average, batches, images);
        _work = new RepeatedWork(backend, records);
        StepsAhead = _work.IsRecorded ? Math.Min(MostAhead, batches.BatchesPerEpoch) : 1;
        _buffersBefore = new BufferSnapshot(model.Parameters);
        _pixels = backend.Store(images.Memory, images.Dimensions);
        _order = backend.Zeros([images.Count]);
        _inputs = backend.Zeros([batches.BatchesPerEpoch, Inputs]);
        _now = backend.Zeros([Inputs]);
        _row = backend.Zeros([]);
        _outcomes = backend.Zeros([StepsAhead, Outcomes]);
        (_learningRate, _kept, _taken, _first) = (_now.Section(LearningRate, []), _now.Section(Kept, []), _now.Section(Taken, []), _now.Section(FirstImage, []));
        _inputsOnHost = new double[batches.BatchesPerEpoch * Inputs];
        _outcomesOnHost = new double[StepsAhead * Outcomes];
    }

    /// <summary>The most steps that <see cref="Run"/> takes at once.</summary>
    public int StepsAhead { get; }

    /// <summary>Why a backend that records does not record this step; null if it does, or has not tried yet.</summary>
    public string? NotRecorded => _work.NotRecorded;

    /// <summary>Sets what the steps of an epoch start from.</summary>
    /// <param name="epoch">The epoch, counted from 0.</param>
    /// <param name="firstStep">The number of the epoch's first step.</param>
    /// <param name="learningRateAt">The learning rate of the step of that number.</param>
    public void Plan(int epoch, long firstStep, Func<long, double> learningRateAt)
    {
        if (epoch != _epoch)
        {
            // The noise of an epoch is a stream of its own, and part of what is recorded.
            _work.Forget();
            _epoch = epoch;
            NoiseKey flips = new(_config.Seed, NoiseStreams.Flips(epoch));
            _model.Backend.Write(
                Array.ConvertAll(_batches.Order(epoch).ToArray(), image => (double)(_config.HorizontalFlips ? HorizontalFlips.Numbered(image, flips) : image)), _order);
        }

        for (int batch = 0; batch < _batches.BatchesPerEpoch; batch++)
        {
            double kept = _average?.DecayAt(firstStep + batch + 1) ?? 0;
            Span<double> row = _inputsOnHost.AsSpan(batch * Inputs, Inputs);
            row[LearningRate] = learningRateAt(firstStep + batch);
            (row[Kept], row[Taken], row[FirstImage]) = (kept, 1 - kept, (double)batch * _batches.BatchSize);
        }

        _model.Backend.Write(_inputsOnHost, _inputs);
    }

    /// <summary>The planned learning rate of the step of that batch.</summary>
    public double LearningRateOf(int batch) => _inputsOnHost[batch * Inputs + LearningRate];

    /// <summary>
    /// Does the steps of so many batches of the planned epoch, and returns what came of each: its loss and Σ g². From the
    /// first on in which either is not finite, steps have changed nothing.
    /// </summary>
    public IEnumerable<(LossValues Loss, double SquaredGradientNorm)> Run(int batch, int count)
    {
        _model.Backend.Fill(_row, batch);
        for (int i = 0; i < count; i++)
        {
            _work.Do(_batches.SizeOf(batch + i), Step);
        }

        _model.Backend.Read(_outcomes, _outcomesOnHost);
        for (int i = 0; i < count; i++)
        {
            int row = (batch + i) % StepsAhead * Outcomes;
            yield return (LossValues.FromArray(_outcomesOnHost.AsSpan(row, Outcomes - 1)), _outcomesOnHost[row + Outcomes - 1]);
        }
    }

    /// <summary>So many of the planned epoch's first images, as steps see them. The caller disposes them.</summary>
    public Tensor FirstImages(int count)
    {
        _model.Backend.Fill(_first, 0);
        return Batch(count);
    }

    /// <summary>Lets steps change something again, after one that was not finite.</summary>
    public void ResetGuard() => _optimizer.ResetGuard();

    /// <summary>Releases tables and recordings; what it works on is the caller's.</summary>
    public void Dispose()
    {
        foreach (IDisposable held in (ReadOnlySpan<IDisposable>)[_work, _buffersBefore, _pixels, _order, _inputs, _now, _row, _outcomes, _learningRate, _kept, _taken, _first])
        {
            held.Dispose();
        }
    }

    private void Step(int images)
    {
        IBackend backend = _model.Backend;
        backend.TakeRow(_inputs, _row, _now);
        _optimizer.SetLearningRate(_learningRate);
        _buffersBefore.Take();
        using Tensor x = Batch(images);
        using Tape tape = new(backend);
        LossTerms terms = _objective.Loss(_model.ForwardInTraining(tape.Constant(x), _config.Memory));
        tape.Backward(terms.Loss);
        _optimizer.Step(terms.Loss.Value);
        _buffersBefore.RestoreUnlessFinite(_optimizer.Guard);
        _average?.Update(_kept, _taken, _optimizer.Guard);
        backend.PutRow(
            [
                terms.Loss.Value, terms.Nll.Value, terms.BitsPerDim.Value, terms.LogProbZ.Value, terms.LogDet.Value, terms.BatchNorm.Value,
                terms.Dequantization.Value, terms.L2.Value, _optimizer.SquaredGradientNorm,
            ],
            _row, _outcomes);
        backend.ScaleShift(_row, 1, 1, _row);
    }

    private Tensor Batch(int images)
    {
        Tensor x = _model.Backend.Allocate([images, _images.Channels, _images.Height, _images.Width], "a batch of images");
        _model.Backend.Dequantize(_pixels, _order, _first, draw: null, new NoiseKey(_config.Seed, NoiseStreams.Dequantization(_epoch)), x);
        return x;
    }
}
