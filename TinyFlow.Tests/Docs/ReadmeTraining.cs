using TinyFlow;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Training;

namespace ReadmeCode;

/// <summary>The README's library in ten lines. It is outside the namespace TinyFlow, as its reader's code is.</summary>
internal static class ReadmeTraining
{
    public static (EvaluationResult Result, ImageSet Samples) Run()
    {
        // README
        using IBackend backend = new CpuBackend();
        DataSource digits = DataSource.Open("mini");
        using FlowModel model = FlowModel.Create(Presets.Quick.Model, backend, seed: 0);
        using Trainer trainer = new(model, Presets.Quick.Training, digits);
        trainer.Run();                                                          // or Run(observer), to watch each step
        EvaluationResult result = Evaluator.Evaluate(model, digits.Test());     // every test image, float64 sums
        Console.WriteLine($"{result.BitsPerDim:F3} ± {result.StandardError:F3} bits/dim");
        ImageSet samples = Sampler.Draw(model, count: 16, temperature: 0.8, seed: 1);
        // end
        return (result, samples);
    }

    /// <summary>A smaller preset, so that a test does not take minutes.</summary>
    private static class Presets
    {
        public static Preset Quick { get; } = TinyFlow.Nvp.Models.Presets.Quick with
        {
            Model = TinyFlow.Nvp.Models.Presets.Quick.Model with { Layers = 1, Hidden = 4, DenseLayers = 2, DenseHidden = 4 },
            Training = TinyFlow.Nvp.Models.Presets.Quick.Training with { MaxSteps = 2 },
        };
    }
}
