using TinyFlow.Autograd;
using TinyFlow.Nvp;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Distributions;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Objectives;
using TinyFlow.Nvp.Parameters;
using TinyFlow.Tests.Ops;

namespace TinyFlow.Tests.Nvp;

/// <summary>Likelihoods that one knows without a computer.</summary>
[TestClass]
public sealed class LikelihoodTests
{
    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void The_identity_with_a_uniform_base_needs_exactly_8_bits_for_every_pixel(string device) => Devices.Run(device, backend =>
    {
        using FlowModel model = Model(backend, new Chain(), new UniformDensity(), channels: 3, size: 6);
        byte[] pixels = [.. Enumerable.Range(0, 5 * 3 * 6 * 6).Select(i => (byte)(i * 37))];
        using Tensor x = backend.Allocate([5, 3, 6, 6]);
        backend.Dequantize(pixels, [0, 1, 2, 3, 4], new NoiseKey(1, NoiseStreams.Evaluation(0)), x);
        Close.Check([8, 8, 8, 8, 8], model.BitsPerDim(x), 1e-15, "bits/dim");
    });

    [TestMethod]
    [DataRow(0.9)]
    [DataRow(1 - 2e-5)]
    public void The_logit_with_a_logistic_base_needs_exactly_8_minus_log2_of_the_data_constraint(double constraint) => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = Model(backend, new LogitTransform(constraint), new LogisticDensity(), channels: 1, size: 8);
        using Tensor x = backend.Uniform([4, 1, 8, 8], new NoiseKey(1, 2));
        double expected = 8 - Math.Log2(constraint);
        Close.Check([expected, expected, expected, expected], model.BitsPerDim(x), 1e-13, "bits/dim");
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void A_standard_normal_without_logit_needs_about_9_40_bits_on_digits(string device) => Devices.Run(device, backend =>
    {
        using FlowModel model = Model(backend, new Chain(), new StandardNormal(), channels: 1, size: 28);
        ImageSet digits = MiniMnist.ReadTest();
        int[] images = [.. Enumerable.Range(0, 500)];
        using Tensor x = backend.Allocate([images.Length, 1, 28, 28]);
        backend.Dequantize(digits.Slice(0, images.Length, "some").Pixels, images, new NoiseKey(1, NoiseStreams.Evaluation(0)), x);
        Assert.AreEqual(9.40, model.BitsPerDim(x).Average(), 0.01);
    });

    [TestMethod]
    public void The_exact_nll_is_the_mean_over_images_of_the_bound() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = Small(backend, out Tensor x);
        using Tensor images = x;
        using Tape tape = new(backend);
        LossTerms loss = Objective.Create(ObjectiveKind.Exact, model, l2: 0.1).Loss(model.Forward(tape.Constant(x), Pass.Evaluation));
        Assert.AreEqual(model.BitsPerDim(x).Average(), loss.BitsPerDim.Value.Item(), 1e-12);
        Assert.AreEqual(loss.BitsPerDim.Value.Item() * Math.Log(2) * model.Dimensions, loss.Nll.Value.Item(), 1e-9);
    });

    [TestMethod]
    public void The_exact_nll_contains_neither_the_L2_term_nor_batch_norms_of_conditioners() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = Small(backend, out Tensor x);
        using Tensor images = x;
        using Tape tape = new(backend);
        LossTerms loss = Objective.Create(ObjectiveKind.Exact, model, l2: 0.1).Loss(model.Forward(tape.Constant(x), Pass.Evaluation));
        double Of(Var v) => v.Value.Item();
        Assert.AreEqual(-(Of(loss.LogProbZ) + Of(loss.LogDet) + Of(loss.Dequantization)), Of(loss.Nll), 1e-9);
        Assert.AreEqual(-model.Dimensions * Math.Log(256), Of(loss.Dequantization), 1e-9);
        Assert.AreEqual(0, Of(loss.BatchNorm));
        Assert.IsGreaterThan(0.1, Of(loss.L2));
        Assert.AreEqual(Of(loss.Nll) + Of(loss.L2), Of(loss.Loss), 1e-9);
    });

    [TestMethod]
    public void The_notebooks_loss_is_not_called_a_likelihood() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = Small(backend, out Tensor x);
        x.Dispose();
        Assert.IsFalse(Objective.Create(ObjectiveKind.Notebook, model, 0).IsLikelihood);
        Assert.IsTrue(Objective.Create(ObjectiveKind.Exact, model, 0).IsLikelihood);
    });

    [TestMethod]
    public void Samples_are_encoded_back_to_their_latent_variables_whatever_training_has_done_to_the_statistics() => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = Small(backend, out Tensor x);
        using Tensor images = x;
        for (int i = 0; i < 3; i++)
        {
            using Tape tape = new(backend, recording: false);
            model.Forward(tape.Constant(x), Pass.Training);
        }

        using Tensor z = model.Encode(x), back = model.Decode(z);
        Close.Check(x.ToDoubles(), back.ToDoubles(), 1e-10, "x");
    });

    [TestMethod]
    [DataRow(ObjectiveKind.Exact)]
    [DataRow(ObjectiveKind.Notebook)]
    public void Gradients_of_the_loss_agree_with_finite_differences(ObjectiveKind kind) => Devices.Run(Devices.Reference, backend =>
    {
        using FlowModel model = Small(backend, out Tensor x);
        using Tensor images = x;
        IObjective objective = Objective.Create(kind, model, l2: 0.01);
        IReadOnlyList<NamedArray>? statistics = null;
        ParameterGradients.Check(model.Parameters, tape =>
        {
            FlowTerms terms = model.Forward(tape.Constant(x), Pass.Training);

            // The notebook's loss reads the running statistics as constants: hold them while a parameter moves.
            statistics ??= [.. model.Parameters.Buffers.Select(buffer => new NamedArray(buffer.Name, buffer.Shape, buffer.Value.ToDoubles()))];
            foreach ((NamedArray held, StateBuffer buffer) in statistics.Zip(model.Parameters.Buffers))
            {
                backend.Write(held.Values, buffer.Value);
            }

            return objective.Loss(terms).Loss;
        });
    });

    [TestMethod]
    public void Each_epoch_and_each_draw_has_noise_of_its_own()
    {
        ulong[] streams =
        [
            .. Enumerable.Range(0, 50).Select(NoiseStreams.Dequantization), .. Enumerable.Range(0, 50).Select(NoiseStreams.Evaluation),
            .. Enumerable.Range(0, 50).Select(NoiseStreams.Order), NoiseStreams.Sampling, NoiseStreams.Initialization("weight"),
        ];
        Assert.AreEqual(streams.Length, streams.Distinct().Count());
    }

    private static FlowModel Small(IBackend backend, out Tensor x)
    {
        FlowModel model = FlowModel.Create(Presets.Notebook.Model with { Height = 4, Width = 6, Layers = 2, Hidden = 3 }, backend, seed: 1);
        FlowUnderTest.Disturb(model.Parameters);
        x = backend.Uniform([3, 1, 4, 6], new NoiseKey(1, 2));
        return model;
    }

    private static FlowModel Model(IBackend backend, IFlow flow, IDistribution prior, int channels, int size)
    {
        ModelConfig config = new() { Preset = "test", Architecture = Architecture.Notebook, Layers = 1, Hidden = 1, Channels = channels, Height = size, Width = size };
        return new FlowModel(config, ParameterSet.Create(backend, 0, _ => flow, out _), flow, prior);
    }
}
