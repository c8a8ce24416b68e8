using System.Text.Json.Serialization;

namespace Bench;

/// <summary>Who does the work.</summary>
internal enum Engine
{
    TinyFlow,
    TorchSharp,
}

/// <summary>What is timed. An image is 28x28.</summary>
internal enum What
{
    /// <summary>Forward, backward, clip, Adam.</summary>
    Train,

    /// <summary>The mean nll of a batch, with running statistics, without gradients.</summary>
    Evaluate,

    /// <summary>Images from given latents.</summary>
    Sample,
}

/// <summary>One line of the table: the same work for both engines.</summary>
internal sealed record Workload(string Preset, What What, int Batch, int Threads)
{
    /// <summary>What is timed, as tables name it.</summary>
    public string Name() => What.ToString().ToLowerInvariant();
}

/// <summary>
/// What the driver asks of a worker process, as its only argument. It runs steps for at least WarmUpSeconds before the
/// first timing, so that the JIT has settled; or, with StartUpOnly, it does one step and says when that was.
/// </summary>
internal sealed record Order(Engine Engine, Workload Workload, bool ChannelsLast, double WarmUpSeconds, bool StartUpOnly);

/// <summary>The same for a process that computes convolutions.</summary>
internal sealed record KernelOrder(Engine Engine, int Threads, bool ChannelsLast, double WarmUpMilliseconds);

/// <summary>A worker is warm: what the engines must agree on, and the fastest step so far.</summary>
internal sealed record Ready(Dictionary<string, double> Values, double StepMilliseconds);

/// <summary>A worker has made a convolution: mean squares of the passes' results, and the kernels that it has for each, its choice first.</summary>
internal sealed record KernelReady(double[] MeanSquares, string[][] Kernels);

/// <summary>Milliseconds of one step, the mean over one repetition.</summary>
internal sealed record Repetition(double Milliseconds);

/// <summary>The most physical memory that the process has held, in MiB.</summary>
internal sealed record Finished(double PeakMegabytes);

/// <summary>When the first step of a fresh process began and ended, UTC.</summary>
internal sealed record StartUp(DateTime Began, DateTime Ended);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(KernelOrder))]
[JsonSerializable(typeof(Ready))]
[JsonSerializable(typeof(KernelReady))]
[JsonSerializable(typeof(Repetition))]
[JsonSerializable(typeof(Finished))]
[JsonSerializable(typeof(StartUp))]
internal sealed partial class MessageContext : JsonSerializerContext;
