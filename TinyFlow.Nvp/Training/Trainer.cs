using System.Diagnostics;
using TinyFlow.Autograd;
using TinyFlow.Nvp.Checkpoints;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Training;

/// <summary>
/// Trains a model: a loop over (state, batch). The state is the model, the optimizer, and counters from which the order
/// of the images and all noise follow, so that a run that is saved and resumed goes on bit for bit.
/// </summary>
public sealed class Trainer : IDisposable
{
    // ActNorm and its like start from the statistics of this many images.
    private const int InitializationImages = 512;
    private const double SpeedSmoothing = 0.1;

    private readonly FlowModel _model;
    private readonly DataSource _data;
    private readonly IObjective _objective;
    private readonly AdamOptimizer _optimizer;
    private readonly Batches _batches;
    private readonly BufferSnapshot _buffersBefore;
    private readonly byte[] _pixels;
    private bool _isInitialized;
    private TrainingPosition _position = TrainingPosition.Start;
    private double _imagesPerSecond;

    /// <summary>A trainer at the start of a run.</summary>
    /// <exception cref="ArgumentException">The settings do not fit, or the images are not of the model's size.</exception>
    public Trainer(FlowModel model, TrainingConfig config, DataSource data)
    {
        config.Check();
        Evaluator.RequireSize(model, data.Training);
        if (config.BatchSize > data.Training.Count)
        {
            throw new ArgumentException($"A batch of {config.BatchSize} images is more than the {data.Training.Count} training images of {data.Name}. Use a batch size of at most {data.Training.Count}.");
        }

        _model = model;
        _data = data;
        Config = config;
        _objective = Objective.Create(config.Objective, model, config.L2);
        _optimizer = new AdamOptimizer(model.Parameters, config);
        _batches = new Batches(data.Training.Count, config.BatchSize, config.Seed);
        _buffersBefore = new BufferSnapshot(model.Parameters);
        _pixels = new byte[config.BatchSize * data.Training.Dimensions];
    }

    /// <summary>The settings.</summary>
    public TrainingConfig Config { get; }

    /// <summary>Whether the objective's nll is one: see <see cref="IObjective.IsLikelihood"/>.</summary>
    public bool IsLikelihood => _objective.IsLikelihood;

    /// <summary>Updates done so far.</summary>
    public long Step => _position.Step;

    /// <summary>The current epoch, counted from 0.</summary>
    public int Epoch => _position.Epoch;

    /// <summary>Steps in an epoch; its last batch may be smaller.</summary>
    public int StepsPerEpoch => _batches.BatchesPerEpoch;

    /// <summary>Steps in all.</summary>
    public long TotalSteps => Math.Min(StepsOfAllEpochs, Config.MaxSteps ?? long.MaxValue);

    // What a schedule runs over: a limit of steps cuts it short and does not squeeze it.
    private long StepsOfAllEpochs => (long)Config.Epochs * StepsPerEpoch;

    /// <summary>Trains to the end of the settings' epochs or steps, or until it is asked to stop.</summary>
    /// <exception cref="NonFiniteException">A loss or gradient was not finite; the parameters are those of the step before.</exception>
    public TrainingEnd Run(ITrainingObserver observer, CancellationToken cancellation = default)
    {
        InitializeFromData();
        while (Step < TotalSteps)
        {
            if (cancellation.IsCancellationRequested)
            {
                return TrainingEnd.Interrupted;
            }

            StepReport report = DoStep();
            observer.OnStep(report);
            bool epochIsComplete = _position.Batch == StepsPerEpoch;
            if ((epochIsComplete || Step >= TotalSteps) && !TryFinish(report, epochIsComplete, observer, cancellation))
            {
                return TrainingEnd.Interrupted;
            }
        }

        return TrainingEnd.Finished;
    }

    /// <summary>
    /// The loss of the first batch before any update, as a training step computes it, but without changing anything
    /// (except that layers which start from data do so).
    /// </summary>
    public LossValues FirstLoss()
    {
        InitializeFromData();
        _buffersBefore.Take();
        using Tensor x = Dequantized(_batches.Indices(0, 0), 0);
        using Tape tape = new(_model.Backend, recording: false);
        LossValues loss = LossValues.Of(_objective.Loss(_model.Forward(tape.Constant(x), Pass.Training)));
        _buffersBefore.Restore();
        return loss;
    }

    /// <summary>Everything that the run needs to go on, as a checkpoint.</summary>
    public Checkpoint Save(string configuration)
    {
        return new Checkpoint
        {
            Model = _model.Parameters.Export().Stored(_model.Backend),
            Optimizer =
            [
                .. _optimizer.Export().Stored(_model.Backend),
                StoredTensor.Create(TrainingPosition.SumsName, [TrainingPosition.SumCount], _position.Sums),
            ],
            Counters = _position.Counters,
            Configuration = configuration,
        };
    }

    /// <summary>Goes on where a run was saved.</summary>
    /// <exception cref="CheckpointException">The checkpoint is not that of a training run.</exception>
    /// <exception cref="ArgumentException">It is that of another model: every difference is listed, and nothing has been changed.</exception>
    public void Resume(Checkpoint checkpoint)
    {
        TrainingPosition position = TrainingPosition.From(checkpoint, StepsPerEpoch);
        _model.Parameters.Import(checkpoint.Model.Arrays());
        _optimizer.Import(checkpoint.Optimizer.Where(tensor => tensor.Name != TrainingPosition.SumsName).Arrays());
        _position = position;
    }

    /// <summary>Releases the optimizer's state; the model is the caller's.</summary>
    public void Dispose()
    {
        _optimizer.Dispose();
        _buffersBefore.Dispose();
    }

    private StepReport DoStep()
    {
        long started = Stopwatch.GetTimestamp();
        if (_position.Batch == StepsPerEpoch)
        {
            _position = _position.NextEpoch();
        }

        double learningRate = LearningRates.At(Config, _position.Epoch, (double)Step / StepsOfAllEpochs);
        _optimizer.SetLearningRate(learningRate);

        ReadOnlySpan<int> images = _batches.Indices(_position.Epoch, _position.Batch);
        _buffersBefore.Take();
        LossValues loss;
        using (Tensor x = Dequantized(images, _position.Epoch))
        using (Tape tape = new(_model.Backend))
        {
            LossTerms terms = _objective.Loss(_model.Forward(tape.Constant(x), Pass.Training));
            tape.Backward(terms.Loss);
            loss = LossValues.Of(terms);
        }

        if (!double.IsFinite(loss.Loss))
        {
            throw NonFinite($"the loss is {loss.Loss}");
        }

        _optimizer.Step();
        double norm = Math.Sqrt(_optimizer.SquaredGradientNorm.Item());
        if (!double.IsFinite(norm))
        {
            throw NonFinite($"the norm of the gradients is {norm}");
        }

        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds, speed = images.Length / seconds;
        _imagesPerSecond = _imagesPerSecond == 0 ? speed : _imagesPerSecond + SpeedSmoothing * (speed - _imagesPerSecond);
        _position = _position.After(loss, images.Length, seconds);
        return new StepReport(
            Step, _position.Epoch + 1, _position.Batch, StepsPerEpoch, images.Length, loss, norm, learningRate, _position.Seconds, _imagesPerSecond);
    }

    /// <summary>Validates and reports an epoch; false if it was asked to stop meanwhile.</summary>
    private bool TryFinish(StepReport last, bool isComplete, ITrainingObserver observer, CancellationToken cancellation)
    {
        observer.OnValidating(last.Epoch);
        try
        {
            EvaluationResult validation = Evaluator.Evaluate(_model, _data.Validation, noiseDraws: 1, Config.Seed, cancellation: cancellation);
            observer.OnEpoch(new EpochReport(
                last.Epoch, Step, _position.EpochMean, validation, last.LearningRate, _position.Seconds, _position.EpochImages / _position.EpochSeconds, isComplete));
            return true;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private void InitializeFromData()
    {
        if (_isInitialized || Step > 0 || _model.Flow is not IDataInitialized)
        {
            return;
        }

        _isInitialized = true;

        int[] images = new int[Math.Min(InitializationImages, _data.Training.Count)];
        for (int batch = 0, filled = 0; filled < images.Length; batch++)
        {
            ReadOnlySpan<int> some = _batches.Indices(0, batch);
            some = some[..Math.Min(some.Length, images.Length - filled)];
            some.CopyTo(images.AsSpan(filled));
            filled += some.Length;
        }

        byte[] pixels = new byte[images.Length * _data.Training.Dimensions];
        using Tensor x = Dequantized(images, 0, pixels);
        _model.Initialize(x);
    }

    private Tensor Dequantized(ReadOnlySpan<int> images, int epoch) =>
        Dequantized(images, epoch, _pixels.AsSpan(0, images.Length * _data.Training.Dimensions));

    private Tensor Dequantized(ReadOnlySpan<int> images, int epoch, Span<byte> pixels)
    {
        ImageSet training = _data.Training;
        training.Gather(images, pixels);
        Tensor x = _model.Backend.Allocate([images.Length, training.Channels, training.Height, training.Width], "a batch of images");
        _model.Backend.Dequantize(pixels, images, new NoiseKey(Config.Seed, NoiseStreams.Dequantization(epoch)), x);
        return x;
    }

    private NonFiniteException NonFinite(string what)
    {
        _buffersBefore.Restore();
        return new NonFiniteException(
            $"Training stopped at step {Step + 1} (epoch {_position.Epoch + 1}): {what}. Neither parameters nor running statistics were changed by it. " +
            "Start again with a lower learning rate.");
    }
}
