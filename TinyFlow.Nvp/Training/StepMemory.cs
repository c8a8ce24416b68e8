using System.Globalization;
using TinyFlow.Autograd;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Parameters;

namespace TinyFlow.Nvp.Training;

/// <summary>
/// What memory a training step needs, found out before it is taken: to fill a machine's memory takes minutes, and its
/// other programs suffer.
/// </summary>
internal static class StepMemory
{
    // The first of two steps whose difference is what images cost: large enough that what a step needs but once is there.
    private const int Few = 4;

    /// <summary>Checks that the backend has the memory for a step. Parameters and running statistics stay as they are.</summary>
    /// <exception cref="InsufficientMemoryException">It has not: the message says what is needed, what there is, and what would fit.</exception>
    public static void Require(FlowModel model, IObjective objective, TrainingConfig config)
    {
        const double GiB = 1 << 30;
        if (model.Backend.Memory.Limit is not { } limit || SurelyFits(model, objective, config, limit) ||
            Measure(model, objective, config) is not { } measured || measured.Of(config.BatchSize) <= limit)
        {
            return;
        }

        long fitting = measured.Fitting(limit);
        string advice = fitting < 1 ? "Use a smaller model" : string.Create(CultureInfo.InvariantCulture, $"Use a batch size of at most about {fitting:N0}, a smaller model");
        throw new InsufficientMemoryException(string.Create(
            CultureInfo.InvariantCulture,
            $"A training step with a batch of {config.BatchSize:N0} images needs about {measured.Of(config.BatchSize) / GiB:N1} GiB of memory, but the machine has {limit / GiB:N1} GiB. {advice}{(config.Memory == MemoryMode.Stored ? ", or memory mode reversible (--memory reversible), which keeps far less" : "")}."));
    }

    // As a rule it does, and training should begin: with as many times the memory of a small step as the batch is larger, what
    // is there but once included, and an eighth for the sizes in which memory comes.
    private static bool SurelyFits(FlowModel model, IObjective objective, TrainingConfig config, long limit)
    {
        if (config.BatchSize <= Few)
        {
            return true;
        }

        using BufferSnapshot buffers = new(model.Parameters);
        Step(model, objective, config.Memory, Few);
        buffers.Restore();
        return 1.125 * model.Backend.Memory.Peak / Few * config.BatchSize <= limit;
    }

    /// <summary>
    /// Does steps of 4, 8, 16, … images, without an update, until two of them one after the other each needed more memory
    /// than anything before. Null if the batch is no larger than what has been tried by then.
    /// </summary>
    internal static Measurement? Measure(FlowModel model, IObjective objective, TrainingConfig config)
    {
        using BufferSnapshot buffers = new(model.Parameters);
        long before = model.Backend.Memory.Peak;
        Measurement? smaller = null;
        for (int images = Few; images < config.BatchSize; images *= 2)
        {
            Step(model, objective, config.Memory, images);
            buffers.Restore();
            long peak = model.Backend.Memory.Peak;
            if (peak > before && smaller is { } half)
            {
                return new Measurement(images, peak, (peak - half.Bytes) / (double)(images - half.Images));
            }

            smaller = peak > before ? new Measurement(images, peak, 0) : null;
            before = peak;
        }

        return null;
    }

    private static void Step(FlowModel model, IObjective objective, MemoryMode memory, int images)
    {
        using Tensor x = model.Backend.Allocate([images, model.ImageShape[0], model.ImageShape[1], model.ImageShape[2]], "a batch of images");
        model.Backend.Fill(x, 0.5);
        using Tape tape = new(model.Backend);
        tape.Backward(objective.Loss(model.ForwardInTraining(tape.Constant(x), memory)).Loss);
    }

    /// <summary>What a step of some images needed, with all that is kept between steps, and what another image costs.</summary>
    internal readonly record struct Measurement(int Images, long Bytes, double BytesPerImage)
    {
        /// <summary>Bytes that a step of so many images needs.</summary>
        public double Of(long images) => Bytes + BytesPerImage * (images - Images);

        /// <summary>The images of a step that needs so many bytes.</summary>
        public long Fitting(long bytes) => Images + (long)Math.Floor((bytes - Bytes) / BytesPerImage);
    }
}
