using TinyFlow.Autograd;
using TinyFlow.Nvp.Flows;
using TinyFlow.Nvp.Models;

namespace TinyFlow.Tests.Nvp;

[TestClass]
public sealed class VariationalDequantizationTests
{
    private static readonly ModelConfig Noisy = Presets.Mixture.Model with { Height = 8, Width = 8, Layers = 1, Hidden = 4, NoiseLayers = 2 };

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void Noise_stays_within_its_pixel(string device) => Devices.Run(device, backend =>
    {
        using FlowModel model = FlowModel.Create(Noisy, backend, seed: 3);
        FlowUnderTest.Disturb(model.Parameters);
        using Tensor x = Images(backend);
        using Tape tape = new(backend, recording: false);
        IFlow noise = ((Chain)model.Flow).Steps[0];
        double[] before = x.ToDoubles(), after = noise.Forward(tape.Constant(x), Pass.Evaluation).Y.Value.ToDoubles();
        CollectionAssert.AreNotEqual(before, after);
        for (int i = 0; i < before.Length; i++)
        {
            double pixel = Math.Floor(256 * before[i]);
            Assert.IsTrue(256 * after[i] >= pixel && 256 * after[i] <= pixel + 1, $"{256 * after[i]} has left pixel {pixel}");
        }

        double[] back = noise.Inverse(tape.Constant(x)).Value.ToDoubles();
        CollectionAssert.AreEqual(before.Select(v => Math.Floor(256 * v)).ToArray(), back.Select(v => Math.Floor(256 * v)).ToArray());
    });

    [TestMethod]
    public void The_density_of_the_noise_given_the_pixel_adds_up_to_1() => Devices.Run(Devices.Reference, backend =>
    {
        // One free pixel of a block, the others' noise fixed: the last coupling changes half of the channels, so with a
        // single coupling ∫ q(g | pixels) dg over the pixel's bin is 1, that is g runs from 0 to 1 as u does.
        using FlowModel model = FlowModel.Create(Noisy with { NoiseLayers = 1 }, backend, seed: 3);
        FlowUnderTest.Disturb(model.Parameters);
        using Tape tape = new(backend, recording: false);
        double At(double u)
        {
            using Tensor x = backend.Create([1, 1, 8, 8], [.. Enumerable.Range(0, 64).Select(i => (100 + (i == 1 ? u : 0.5)) / 256)]);
            return 256 * ((Chain)model.Flow).Steps[0].Forward(tape.Constant(x), Pass.Evaluation).Y.Value.ToDoubles()[1] - 100;
        }

        double[] places = [.. Enumerable.Range(0, 101).Select(i => At(Math.Min(i / 100.0, 1 - 1e-9)))];
        Assert.IsTrue(places.Zip(places.Skip(1)).All(pair => pair.First < pair.Second), "g grows with u");
        Assert.AreEqual(0, places[0], 0.02);
        Assert.AreEqual(1, places[^1], 0.02);
    });

    [TestMethod]
    public void The_bound_is_right_on_average_over_noise_for_any_weights() => Devices.Run(Devices.Reference, backend =>
    {
        // For a uniform density of the image, log p(y) = 0, and the bound E[log_det] ≤ 0 is the divergence of the noise
        // from the uniform: never above 0, but for the scatter of the mean.
        using FlowModel model = FlowModel.Create(Noisy, backend, seed: 3);
        FlowUnderTest.Disturb(model.Parameters);
        using Tensor x = Images(backend, images: 64);
        using Tape tape = new(backend, recording: false);
        double[] logDet = ((Chain)model.Flow).Steps[0].Forward(tape.Constant(x), Pass.Evaluation).LogDet.Value.ToDoubles();
        Assert.IsLessThan(0, logDet.Average());
    });

    [TestMethod]
    [DynamicData(nameof(Devices.Rows), typeof(Devices))]
    public void Noise_at_the_edges_of_a_pixel_is_finite(string device) => Devices.Run(device, backend =>
    {
        using FlowModel model = FlowModel.Create(Noisy, backend, seed: 3);
        FlowUnderTest.Disturb(model.Parameters);
        using Tensor edges = backend.Create([1, 1, 8, 8], [.. Enumerable.Range(0, 64).Select(i => i % 2 == 0 ? i / 64.0 : Math.BitDecrement((float)((i + 1) / 64.0)))]);
        Assert.IsTrue(model.BitsPerDim(edges).All(double.IsFinite));
        using Tape tape = new(backend, recording: false);
        IFlow noise = ((Chain)model.Flow).Steps[0];
        Assert.IsTrue(noise.Inverse(tape.Constant(edges)).Value.ToDoubles().All(double.IsFinite));
    });

    private static Tensor Images(IBackend backend, int images = 4)
    {
        byte[] pixels = [.. Enumerable.Range(0, images * 64).Select(i => (byte)(i * 37 % 256))];
        Tensor x = backend.Allocate([images, 1, 8, 8]);
        backend.Dequantize(pixels, [.. Enumerable.Range(0, images)], new NoiseKey(2, 1), x);
        return x;
    }
}
