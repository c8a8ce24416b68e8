using TinyFlow.Nvp.Checkpoints;

namespace TinyFlow.Nvp.Training;

/// <summary>Where a run stands, and what it has summed up in the current epoch. Immutable.</summary>
internal sealed record TrainingPosition
{
    /// <summary>The name, in a checkpoint, of the tensor of sums.</summary>
    public const string SumsName = "epoch_sums";

    /// <summary>The parts of the loss, the images, the seconds of the epoch, and the seconds before it.</summary>
    public const int SumCount = 11;

    private const string StepKey = "step", EpochKey = "epoch", BatchKey = "batch", ReportedKey = "reported", ValidatedKey = "validated";
    private const string ValidationKey = "validation_microseconds", ShortestValidationKey = "shortest_validation_microseconds";

    public static TrainingPosition Start { get; } = new();

    /// <summary>Updates done.</summary>
    public long Step { get; private init; }

    /// <summary>The current epoch, counted from 0.</summary>
    public int Epoch { get; private init; }

    /// <summary>Batches done in this epoch.</summary>
    public int Batch { get; private init; }

    /// <summary>Whether the epoch so far has been reported.</summary>
    public bool IsReported { get; init; }

    /// <summary>Whether the model as it is has been validated.</summary>
    public bool IsValidated { get; private init; }

    /// <summary>What all validations took.</summary>
    public TimeSpan Validation { get; private init; }

    /// <summary>What the shortest validation took; null before there was one.</summary>
    public TimeSpan? ShortestValidation { get; private init; }

    /// <summary>The best validation so far; null before there was one.</summary>
    public BestValidation? Best { get; private init; }

    public double EpochImages { get; private init; }

    public double EpochSeconds { get; private init; }

    private LossValues Total { get; init; }

    private double SecondsBefore { get; init; }

    /// <summary>The plan of a run with a budget of time; null before there is one, and without a budget.</summary>
    public SchedulePlan? Plan { get; init; }

    public double Seconds => SecondsBefore + EpochSeconds;

    public LossValues EpochMean => Total * (1 / EpochImages);

    public IReadOnlyDictionary<string, long> Counters => new Dictionary<string, long>([
        new(StepKey, Step), new(EpochKey, Epoch), new(BatchKey, Batch), new(ReportedKey, IsReported ? 1 : 0), new(ValidatedKey, IsValidated ? 1 : 0),
        .. Microseconds(ValidationKey, Validation), .. Microseconds(ShortestValidationKey, ShortestValidation), .. Best?.Counters ?? [], .. Plan?.Counters ?? []]);

    public double[] Sums => [.. Total.ToArray(), EpochImages, EpochSeconds, SecondsBefore];

    public static TrainingPosition From(Checkpoint checkpoint, int stepsPerEpoch)
    {
        StoredTensor? stored = checkpoint.Optimizer.FirstOrDefault(tensor => tensor.Name == SumsName);
        if (stored is null || stored.Shape.Count != SumCount)
        {
            throw new CheckpointException("The checkpoint holds no training state to resume; it was saved without an optimizer, or by another program. Start a new run instead.");
        }

        double[] sums = stored.ToDoubles();
        (long step, long epoch, long batch) = (checkpoint.Counter(StepKey), checkpoint.Counter(EpochKey), checkpoint.Counter(BatchKey));
        if (epoch is < 0 or > int.MaxValue || batch < 0 || batch > stepsPerEpoch || step != epoch * stepsPerEpoch + batch)
        {
            throw new CheckpointException(
                $"The checkpoint's counters contradict each other or the data: step {step} is not batch {batch} of epoch {epoch} with {stepsPerEpoch} batches an epoch. It was trained on other images or with another batch size, or is damaged.");
        }

        bool isReported = !checkpoint.Counters.TryGetValue(ReportedKey, out long reported) || reported != 0;
        return new TrainingPosition
        {
            Step = step,
            Epoch = (int)epoch,
            Batch = (int)batch,
            // Where the counter is missing, a report came before all checkpoints but those of interrupted runs, and a validation before each report.
            IsReported = isReported,
            IsValidated = checkpoint.Counters.TryGetValue(ValidatedKey, out long validated) ? validated != 0 : isReported,
            Validation = Time(checkpoint, ValidationKey) ?? TimeSpan.Zero,
            ShortestValidation = Time(checkpoint, ShortestValidationKey),
            Best = BestValidation.From(checkpoint.Counters),
            Total = LossValues.FromArray(sums),
            EpochImages = sums[^3],
            EpochSeconds = sums[^2],
            SecondsBefore = sums[^1],
            Plan = SchedulePlan.From(checkpoint.Counters),
        };
    }

    public TrainingPosition After(LossValues loss, int images, double seconds) => this with
    {
        Step = Step + 1,
        Batch = Batch + 1,
        IsReported = false,
        IsValidated = false,
        Total = Total + loss * images,
        EpochImages = EpochImages + images,
        EpochSeconds = EpochSeconds + seconds,
    };

    /// <summary>After a validation that came to so many bits per dimension and took so long.</summary>
    public TrainingPosition AfterValidation(double bitsPerDim, TimeSpan time)
    {
        // Whole microseconds, as a checkpoint keeps them: a resumed run must decide as this one.
        TimeSpan kept = TimeSpan.FromMicroseconds((long)time.TotalMicroseconds);
        return this with
        {
            IsValidated = true,
            Validation = Validation + kept,
            ShortestValidation = kept < ShortestValidation ? kept : ShortestValidation ?? kept,
            Best = BestValidation.Better(Best, Epoch + 1, Step, bitsPerDim),
            SecondsBefore = SecondsBefore + time.TotalSeconds,
        };
    }

    /// <summary>After a report that took so long.</summary>
    public TrainingPosition AfterReport(TimeSpan time) => this with { SecondsBefore = SecondsBefore + time.TotalSeconds };

    public TrainingPosition NextEpoch() => new()
    {
        Step = Step,
        Epoch = Epoch + 1,
        SecondsBefore = Seconds,
        Validation = Validation,
        ShortestValidation = ShortestValidation,
        Best = Best,
        Plan = Plan,
    };

    private static IEnumerable<KeyValuePair<string, long>> Microseconds(string key, TimeSpan? time) => time is { } known ? [new(key, (long)known.TotalMicroseconds)] : [];

    private static TimeSpan? Time(Checkpoint checkpoint, string key) =>
        checkpoint.Counters.TryGetValue(key, out long microseconds) ? TimeSpan.FromMicroseconds(microseconds) : null;
}
