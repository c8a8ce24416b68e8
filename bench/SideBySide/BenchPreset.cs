using TinyFlow.Nvp.Models;

namespace Bench;

/// <summary>
/// A preset as it is measured. A preset that TinyFlow does not have yet is left out of a run; one without a peer is measured
/// alone.
/// </summary>
internal sealed record BenchPreset
{
    /// <summary>The name that <c>tinyflow train --preset</c> knows.</summary>
    public required string Name { get; init; }

    /// <summary>The same model in TorchSharp, given whether its convolutions work channels last; null for none.</summary>
    public Func<bool, ITorchModel>? Peer { get; init; }

    /// <summary>Images of a training step.</summary>
    public required int TrainBatch { get; init; }

    /// <summary>Images that are evaluated or drawn at once.</summary>
    public required int EvaluateBatch { get; init; }

    /// <summary>Images of a training step in a quick run.</summary>
    public required int QuickTrainBatch { get; init; }

    /// <summary>Images that are evaluated or drawn at once in a quick run.</summary>
    public required int QuickEvaluateBatch { get; init; }

    /// <summary>Whether several of TorchSharp's variants would not fit into memory together: then only its fastest way is measured.</summary>
    public bool IsLarge { get; init; }

    /// <summary>Every preset that there is something to say about.</summary>
    public static IReadOnlyList<BenchPreset> All { get; } =
    [
        new() { Name = "notebook", Peer = TorchSharpNotebook.Create, TrainBatch = 64, EvaluateBatch = 256, QuickTrainBatch = 64, QuickEvaluateBatch = 64 },
        new() { Name = "affine", Peer = TorchSharpAffine.Create, TrainBatch = 32, EvaluateBatch = 256, QuickTrainBatch = 32, QuickEvaluateBatch = 64 },
        new() { Name = "quick", TrainBatch = 32, EvaluateBatch = 256, QuickTrainBatch = 32, QuickEvaluateBatch = 64 },
        new() { Name = "spline", TrainBatch = 32, EvaluateBatch = 256, QuickTrainBatch = 32, QuickEvaluateBatch = 64 },
        new() { Name = "bjlkeng", Peer = TorchSharpBjlkeng.Create, TrainBatch = 50, EvaluateBatch = 100, QuickTrainBatch = 4, QuickEvaluateBatch = 4, IsLarge = true },
        new() { Name = "paper", Peer = TorchSharpPaper.Create, TrainBatch = 64, EvaluateBatch = 64, QuickTrainBatch = 2, QuickEvaluateBatch = 2, IsLarge = true },
    ];

    /// <summary>Those that TinyFlow has.</summary>
    public static IReadOnlyList<BenchPreset> Available { get; } = [.. All.Where(preset => Presets.All.Any(own => own.Name == preset.Name))];

    /// <summary>The preset of a name.</summary>
    public static BenchPreset Find(string name) => All.First(preset => preset.Name == name);
}
