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
public sealed partial class Trainer : IDisposable
{
    // ActNorm and its like start from the statistics of this many images.
    private const int InitializationImages = 128;
    private const double SpeedSmoothing = 0.1;

    private readonly FlowModel _model;
    private readonly DataSource _data;
    private readonly TimeProvider _time;
    private readonly IObjective _objective;
    private readonly AdamOptimizer _optimizer;
    private readonly WeightAverage? _average;
    private readonly Batches _batches;
    private readonly StepProgram _program;
    private bool _isInitialized, _isPlanned;
    private TrainingPosition _position = TrainingPosition.Start;
    private double _imagesPerSecond;
    private double? _learningRate;

    /// <summary>A trainer at the start of a run.</summary>
    /// <param name="model">What it trains; must outlive it.</param>
    /// <param name="config">The settings.</param>
    /// <param name="data">The images.</param>
    /// <param name="recordsSteps">Whether a backend that can record a step does. The results are the same.</param>
    /// <param name="time">What measures the speed, which a budget of time is planned by; by default the system's clock.</param>
    /// <exception cref="ArgumentException">The settings do not fit, or the images are not of the model's size.</exception>
    public Trainer(FlowModel model, TrainingConfig config, DataSource data, bool recordsSteps = true, TimeProvider? time = null)
    {
        config.Check();
        Evaluator.RequireSize(model, data.Training);
        if (config.BatchSize > data.Training.Count)
        {
            throw new ArgumentException($"A batch of {config.BatchSize} images is more than the {data.Training.Count} training images of {data.Name}. Use a batch size of at most {data.Training.Count}.");
        }

        _model = model;
        _data = data;
        _time = time ?? TimeProvider.System;
        Config = config;
        _objective = Objective.Create(config.Objective, model, config.L2, config.Penalty);
        _optimizer = new AdamOptimizer(model.Parameters, config);
        _average = config.AverageDecay is { } decay ? new WeightAverage(model.Parameters, decay) : null;
        _batches = new Batches(data.Training.Count, config.BatchSize, config.Seed);
        _program = new StepProgram(model, config, _objective, _optimizer, _average, _batches, data.Training, recordsSteps);
    }

    /// <summary>The settings.</summary>
    public TrainingConfig Config { get; }

    /// <summary>Whether the objective's nll is one: see <see cref="IObjective.IsLikelihood"/>.</summary>
    public bool IsLikelihood => _objective.IsLikelihood;

    /// <summary>Why a backend that records steps does not record these; null if it does, or has not tried yet.</summary>
    public string? StepsNotRecorded => _program.NotRecorded;

    /// <summary>Updates done so far.</summary>
    public long Step => _position.Step;

    /// <summary>The current epoch, counted from 0.</summary>
    public int Epoch => _position.Epoch;

    /// <summary>The best validation so far; null before there was one.</summary>
    public BestValidation? Best => _position.Best;

    /// <summary>Steps in an epoch; its last batch may be smaller.</summary>
    public int StepsPerEpoch => _batches.BatchesPerEpoch;

    /// <summary>Steps in all; with a budget of time, as planned now.</summary>
    public long TotalSteps => Math.Min(Plan.End, Config.MaxSteps ?? long.MaxValue);

    /// <summary>Checks that the backend has the memory for a step, by small ones without an update, before a large one fills the machine.</summary>
    /// <exception cref="InsufficientMemoryException">It has not: the message says what is needed, what there is, and what would fit.</exception>
    public void RequireMemory() => StepMemory.Require(_model, _objective, Config);

    /// <summary>
    /// Trains to the end of the settings' epochs, steps or budget, or until it is asked to stop. Afterwards the model
    /// holds the average of the weights, if the settings have one, as it does in an observer's OnEpoch.
    /// </summary>
    /// <exception cref="NonFiniteException">A loss or gradient was not finite; the parameters are those of the step before.</exception>
    public TrainingEnd Run(ITrainingObserver? observer = null, CancellationToken cancellation = default)
    {
        Initialize();
        try
        {
            return Loop(observer, cancellation);
        }
        finally
        {
            _average?.Show();
        }
    }

    private TrainingEnd Loop(ITrainingObserver? observer, CancellationToken cancellation)
    {
        while (true)
        {
            if (OwesReport && !TryReport(observer, cancellation))
            {
                return TrainingEnd.Interrupted;
            }

            if (Step >= TotalSteps)
            {
                return TrainingEnd.Finished;
            }

            if (cancellation.IsCancellationRequested)
            {
                return TrainingEnd.Interrupted;
            }

            DoSteps(observer);
        }
    }

    /// <summary>Sets what starts from data (ActNorm), once, by the first images of the first epoch; <see cref="Run"/> begins with it.</summary>
    public void Initialize()
    {
        if (_isInitialized || Step > 0 || _model.Flow is not IDataInitialized { IsInitialized: false })
        {
            return;
        }

        _isInitialized = true;
        _program.Plan(0, 0, _ => 0);
        _isPlanned = false;
        using Tensor x = _program.FirstImages(Math.Min(InitializationImages, _data.Training.Count));
        _model.Initialize(x);
        _average?.Reset();
    }

    /// <summary>Everything that the run needs to go on, as a checkpoint; its model is the average of the weights, if there is one.</summary>
    public Checkpoint Save(string configuration)
    {
        _average?.Show();
        return new Checkpoint
        {
            Model = _model.Parameters.State.Stored(),
            Optimizer =
            [
                .. Kept.Stored(),
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
        StateLoading.Load(
            "Resuming",
            [.. _model.Parameters.State, .. Kept.Select(entry => (Checkpoint.OptimizerPrefix + entry.Name, entry.Value))],
            checkpoint.Model.Concat(checkpoint.Optimizer
                .Where(tensor => tensor.Name != TrainingPosition.SumsName)
                .Select(tensor => tensor.Renamed(Checkpoint.OptimizerPrefix + tensor.Name))).Arrays(),
            ParameterSet.IsIgnored);
        _average?.Resumed();
        _isPlanned = false;
        _position = position.Step > 0 && Config.BudgetSeconds is { } budget && position.Plan?.Budget != Budget
            ? position with { Plan = PlanOfNewBudget(position, budget) }
            : position;
    }

    /// <summary>Releases the optimizer's state; the model is the caller's.</summary>
    public void Dispose()
    {
        _optimizer.Dispose();
        _average?.Dispose();
        _program.Dispose();
    }

    // At the end of an epoch, and of training. A run that was interrupted while it validated owes it when it is resumed.
    private bool OwesReport => Step > 0 && (Step >= TotalSteps ? !_position.IsValidated : _position.Batch == StepsPerEpoch && !_position.IsReported);

    // What training keeps beside the model.
    private IEnumerable<(string Name, Tensor Value)> Kept => _optimizer.State.Concat(_average?.Trained ?? []);

    private void DoSteps(ITrainingObserver? observer)
    {
        long started = _time.GetTimestamp();
        _average?.Hide();
        if (_position.Batch == StepsPerEpoch)
        {
            _position = _position.NextEpoch();
            _isPlanned = false;
        }

        if (!_isPlanned)
        {
            _program.Plan(_position.Epoch, Step - _position.Batch, LearningRateAt);
            _isPlanned = true;
        }

        int first = _position.Batch, count = (int)Math.Min(_program.StepsAhead, Math.Min(StepsPerEpoch - first, TotalSteps - Step));
        double seconds = 0;
        foreach ((LossValues loss, double squaredNorm) in _program.Run(first, count))
        {
            // Steps done ahead took the same time each.
            seconds = seconds == 0 ? _time.GetElapsedTime(started).TotalSeconds / count : seconds;
            StepReport report = After(loss, Math.Sqrt(squaredNorm), seconds);
            observer?.OnStep(report);
        }
    }

    private StepReport After(LossValues loss, double norm, double seconds)
    {
        if (!double.IsFinite(loss.Loss))
        {
            throw NonFinite($"the loss is {loss.Loss}");
        }

        if (!double.IsFinite(norm))
        {
            throw NonFinite($"the norm of the gradients is {norm}");
        }

        int images = _batches.SizeOf(_position.Batch);
        double speed = images / seconds, learningRate = _program.LearningRateOf(_position.Batch);
        _learningRate = learningRate;
        _imagesPerSecond = _imagesPerSecond == 0 ? speed : _imagesPerSecond + SpeedSmoothing * (speed - _imagesPerSecond);
        _position = _position.After(loss, images, seconds);
        PlanAnew();
        return new StepReport(
            Step, TotalSteps == long.MaxValue ? null : TotalSteps, _position.Epoch + 1, _position.Batch, StepsPerEpoch, images, loss, norm, learningRate, _position.Seconds, _imagesPerSecond);
    }

    /// <summary>Reports an epoch, validated if it is time; false if it was asked to stop meanwhile.</summary>
    private bool TryReport(ITrainingObserver? observer, CancellationToken cancellation)
    {
        if (Step < TotalSteps)
        {
            // There may be no time left for another step, and then there must be a validation.
            PlanAnew(always: true);
        }

        _average?.Show();
        double secondsBefore = _position.Seconds;
        EvaluationResult? validation = null;
        if (ValidationIsDue)
        {
            observer?.OnValidating(_position.Epoch + 1);
            long started = _time.GetTimestamp();
            try
            {
                validation = Evaluator.Evaluate(_model, _data.Validation, new EvaluationSettings { Seed = Config.Seed }, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return false;
            }

            _position = _position.AfterValidation(validation.BitsPerDim, _time.GetElapsedTime(started));
        }

        Report(observer, validation, secondsBefore);
        if (validation is not null && Step < TotalSteps)
        {
            PlanAnew(always: true);
        }

        return true;
    }

    private void Report(ITrainingObserver? observer, EvaluationResult? validation, double seconds)
    {
        _position = _position with { IsReported = true };
        long started = _time.GetTimestamp();
        observer?.OnEpoch(new EpochReport(
            _position.Epoch + 1, Step, _position.EpochMean, validation, _learningRate ?? LearningRateAt(Step - 1), seconds,
            _position.EpochImages / _position.EpochSeconds, IsComplete: _position.Batch == StepsPerEpoch, IsBest: validation is not null && Best?.Step == Step));
        TimeSpan time = _time.GetElapsedTime(started);
        _reportSeconds = time.TotalSeconds;
        _position = _position.AfterReport(time);
    }

    private double LearningRateAt(long step) => LearningRates.At(Config, _position.Epoch, Plan.At(step), step);

    private NonFiniteException NonFinite(string what)
    {
        _program.ResetGuard();
        return new NonFiniteException(
            $"Training stopped at step {Step + 1} (epoch {_position.Epoch + 1}): {what}. Neither parameters nor running statistics were changed by it. " +
            "Start again with a lower learning rate.");
    }
}
