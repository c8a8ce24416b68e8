using TinyFlow.Nvp;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;
using TinyFlow.Nvp.Models;
using TinyFlow.Tests.Nvp;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Evaluation;

[TestClass]
public sealed class EvaluatorTests
{
    private const ulong Seed = 11;
    private static readonly ModelConfig Small = Presets.Quick.Model with { Layers = 1, Hidden = 4, DenseLayers = 0, DenseHidden = 0 };
    private static readonly ImageSet Digits = DataSource.Open(DataSource.Mini).Training;

    public static IEnumerable<object[]> EveryPresetInFloat32 => from preset in Presets.All from device in Devices.Float32 select new object[] { preset.Name, device };

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void Draws_are_averaged_and_weighted_as_their_formulas_say(string device) => Devices.Run(device, backend =>
    {
        const int Draws = 3, Samples = 5;
        ImageSet images = Digits.Slice(0, 7, "seven");
        using FlowModel model = FlowModel.Create(Small, backend, seed: 1);
        double[][] logProb = [.. Enumerable.Range(0, Samples).Select(draw => LogProb(model, images, draw))];
        double[] mean = [.. Enumerable.Range(0, images.Count).Select(i => Enumerable.Range(0, Draws).Average(draw => logProb[draw][i]))];
        double[] weighted = [.. Enumerable.Range(0, images.Count).Select(i =>
        {
            double largest = logProb.Max(draw => draw[i]);
            return largest + Math.Log(logProb.Average(draw => Math.Exp(draw[i] - largest)));
        })];

        EvaluationResult result = Evaluator.Evaluate(model, images, new EvaluationSettings { NoiseDraws = Draws, ImportanceSamples = Samples, Seed = Seed });

        Close.Check([.. mean.Select(value => Likelihood.BitsPerDim(value, 784))], [.. result.PerImage], 1e-12, "per image");
        Assert.AreEqual(result.PerImage.Average(), result.BitsPerDim, 1e-13);
        Assert.AreEqual(weighted.Average(value => Likelihood.BitsPerDim(value, 784)), result.Importance!.BitsPerDim, 1e-12);
        Assert.AreEqual(Samples, result.Importance.Samples);

        // Jensen's inequality holds image by image for the same draws.
        EvaluationResult all = Evaluator.Evaluate(model, images, new EvaluationSettings { NoiseDraws = Samples, Seed = Seed });
        Assert.IsLessThan(all.BitsPerDim, result.Importance.BitsPerDim);
        Assert.IsNull(all.Importance);
        Assert.IsNull(all.LargestInverseError);
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Float32Rows), typeof(Devices))]
    public void An_images_figure_depends_on_neither_the_images_beside_it_nor_their_number(string device) => Devices.Run(device, backend =>
    {
        // cuDNN may take another algorithm for another number of images, which sums in another order.
        double tolerance = device == Devices.Cuda ? 1e-5 : 0;
        using FlowModel model = FlowModel.Create(Small, backend, seed: 1);
        IReadOnlyList<double> many = Evaluator.Evaluate(model, Digits.Slice(0, 130, "many")).PerImage, few = Evaluator.Evaluate(model, Digits.Slice(0, 103, "few")).PerImage;
        for (int i = 0; i < few.Count; i++)
        {
            Assert.AreEqual(few[i], many[i], tolerance, $"bits/dim of image {i}");
        }
    });

    [TestMethod]
    [DynamicData(nameof(EveryPresetInFloat32))]
    public void Figures_in_float32_are_those_of_the_specification_to_1e_5_bits_whatever_the_batch(string preset, string device) => Devices.Run(device, backend =>
    {
        ImageSet images = new("noise", 1, 8, 8, Digits.Pixels[..(5 * 64)].ToArray());
        using ReferenceBackend reference = new();
        using FlowModel truth = FlowModelTests.New(preset, reference), model = FlowModelTests.New(preset, backend);
        IReadOnlyList<double> expected = Evaluator.Evaluate(truth, images).PerImage, together = Evaluator.Evaluate(model, images).PerImage;
        double alone = Evaluator.Evaluate(model, images.Slice(0, 1, "one")).PerImage[0];
        for (int i = 0; i < expected.Count; i++)
        {
            Assert.AreEqual(expected[i], together[i], 1e-5, $"bits/dim of image {i}");
        }

        // cuDNN may take another algorithm for another number of images, which sums in another order.
        Assert.AreEqual(together[0], alone, device == Devices.Cuda ? 1e-5 : 0, "alone");
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Float32Rows), typeof(Devices))]
    public void The_inverse_is_checked_and_a_likelihood_that_is_not_finite_is_counted(string device) => Devices.Run(device, backend =>
    {
        ImageSet images = Digits.Slice(0, 5, "five");
        using FlowModel model = FlowModel.Create(Small, backend, seed: 1);
        EvaluationResult good = Evaluator.Evaluate(model, images, new EvaluationSettings { InverseChecks = 3 });
        Assert.IsInRange(0, 1e-4, good.LargestInverseError!.Value);
        Assert.IsGreaterThan(0, good.LargestInverseError.Value);
        Assert.AreEqual(0, good.NonFinite);

        backend.Fill(model.Parameters.Parameters[0].Value, double.NaN);
        EvaluationResult bad = Evaluator.Evaluate(model, images, new EvaluationSettings { InverseChecks = 3 });
        Assert.AreEqual(5, bad.NonFinite);
        Assert.AreEqual(double.NaN, bad.BitsPerDim);
        Assert.AreEqual(double.NaN, bad.LargestInverseError);
    });

    [TestMethod]
    [DataRow("quick")]
    [DataRow("mixture")]
    [DataRow("paper-bn")]
    public void The_ledgers_terms_are_the_likelihood(string preset) => Devices.Run(Devices.Reference, backend =>
    {
        ImageSet images = new("noise", 1, 8, 8, Digits.Pixels[..(3 * 64)].ToArray());
        using FlowModel model = FlowModelTests.Small(preset, backend);
        EvaluationResult result = Evaluator.Evaluate(model, images, new EvaluationSettings { NoiseDraws = 2, WithLedger = true });

        Assert.AreEqual(-result.Nll, result.Ledger!.Total, 1e-12 * Math.Abs(result.Nll));
        LedgerEntry[] entries = [.. result.Ledger.Entries];
        Assert.IsTrue(entries.Any(entry => entry.Name.EndsWith("LogitTransform", StringComparison.Ordinal)), "the logit has a term");
        Assert.AreEqual(-64 * Math.Log(256), entries[^1].Nats, 1e-12);
        Assert.IsGreaterThan(6, entries.Length);
        Assert.IsTrue(entries.Where(entry => entry.Name.EndsWith("Squeeze", StringComparison.Ordinal)).All(entry => entry.Nats == 0));
        if (preset == "mixture")
        {
            Assert.IsTrue(entries.Any(entry => entry.Name.EndsWith("ConditionalGaussian", StringComparison.Ordinal) && entry.Nats != 0), "the learned prior has a term");
        }
    });

    [TestMethod]
    public void A_paired_comparison_has_the_error_of_the_differences()
    {
        EvaluationResult Result(params double[] bits) => new() { Nll = 0, BitsPerDim = bits.Average(), StandardError = 0, NoiseDraws = 1, PerImage = bits };
        PairedComparison comparison = PairedComparison.Of(Result(1, 2, 3), Result(1.1, 2.3, 2.9));

        Assert.AreEqual(0.1, comparison.Difference, 1e-12);
        Assert.AreEqual(0.2 / Math.Sqrt(3), comparison.StandardError, 1e-12);
        Assert.AreEqual(2 / 3.0, comparison.BetterByFirst, 1e-12);
        Assert.ThrowsExactly<ArgumentException>(() => PairedComparison.Of(Result(1), Result(1, 2)));
    }

    private static double[] LogProb(FlowModel model, ImageSet images, int draw)
    {
        using Tensor x = model.Backend.Allocate([images.Count, 1, 28, 28]);
        model.Backend.Dequantize(images.Pixels, [.. Enumerable.Range(0, images.Count)], new NoiseKey(Seed, NoiseStreams.Evaluation(draw)), x);
        using Autograd.Tape tape = new(model.Backend, recording: false);
        TinyFlow.Nvp.Models.FlowTerms terms = model.Forward(tape.Constant(x), TinyFlow.Nvp.Flows.Pass.Evaluation);
        return [.. terms.LogProbZ.Value.ToDoubles().Zip(terms.LogDet.Value.ToDoubles(), (a, b) => a + b)];
    }
}
