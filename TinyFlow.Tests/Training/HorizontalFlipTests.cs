using TinyFlow.Nvp;
using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Nvp;

namespace TinyFlow.Tests.Training;

[TestClass]
public sealed class HorizontalFlipTests
{
    private static readonly NoiseKey Key = new(7, NoiseStreams.Flips(3));

    [TestMethod]
    public void Every_row_of_every_channel_of_a_flipped_image_is_reversed_and_other_images_stay()
    {
        const int Width = 3, Size = 2 * 2 * Width;
        int flipped = Enumerable.Range(0, 100).First(image => HorizontalFlips.IsFlipped(image, Key));
        int kept = Enumerable.Range(0, 100).First(image => !HorizontalFlips.IsFlipped(image, Key));
        byte[] pixels = [.. Enumerable.Range(0, 2 * Size).Select(i => (byte)i)];
        byte[] set = new byte[100 * Size];
        pixels[..Size].CopyTo(set, flipped * Size);
        pixels[Size..].CopyTo(set, kept * Size);
        using ReferenceBackend backend = new();
        using PixelStore store = backend.Store(set, Size);
        using Tensor order = backend.Create([2], (ReadOnlySpan<double>)[HorizontalFlips.Numbered(flipped, Key), HorizontalFlips.Numbered(kept, Key)]);
        using Tensor first = backend.Scalar(0), x = backend.Allocate([2, 2, 2, Width]);
        backend.Dequantize(store, order, first, draw: null, Key, x);
        pixels = [.. x.ToDoubles().Select(value => (byte)Math.Floor(256 * value))];
        byte[] expected = [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9, .. Enumerable.Range(Size, Size).Select(i => (byte)i)];
        CollectionAssert.AreEqual(expected, pixels);
    }

    [TestMethod]
    public void Half_of_the_images_are_flipped_and_others_in_another_epoch_or_with_another_seed()
    {
        const int Count = 10_000;
        bool[] Flipped(NoiseKey key) => [.. Enumerable.Range(0, Count).Select(image => HorizontalFlips.IsFlipped(image, key))];
        bool[] first = Flipped(Key);

        // The standard deviation is 50: five of these are never reached by chance.
        Assert.AreEqual(Count / 2, first.Count(flipped => flipped), 250);
        foreach (NoiseKey other in (NoiseKey[])[new(7, NoiseStreams.Flips(4)), new(8, NoiseStreams.Flips(3))])
        {
            Assert.AreEqual(Count / 2, first.Zip(Flipped(other)).Count(pair => pair.First == pair.Second), 250);
        }
    }

    [TestMethod]
    public void Training_sees_flipped_images_and_validation_does_not() => Devices.Run(Devices.Cpu, backend =>
    {
        DataSource data = FewImages.Open();
        ImageSet few = data.Published;
        string sha256 = few.Sha256;

        // Steps that move nothing: both runs validate the same model.
        TrainingConfig training = Presets.Notebook.Training with { BatchSize = 8, Epochs = 1, LearningRate = 1e-30, WeightDecay = 0 };
        EpochReport Train(bool flips)
        {
            EpochReport? report = null;
            using FlowModel model = FlowModel.Create(Presets.Affine.Model with { Layers = 1, Hidden = 4, DenseLayers = 0, DenseHidden = 0 }, backend, seed: 1);
            using (Tensor x = Dequantization.Of(backend, few, [.. Enumerable.Range(0, few.Count)], few.Pixels, Key, "images"))
            {
                model.Initialize(x);
            }

            using Trainer trainer = new(model, training with { HorizontalFlips = flips }, data);
            trainer.Run(new StepWatcher(onEpoch: epoch => report = epoch));
            return report!;
        }

        EpochReport with = Train(flips: true), without = Train(flips: false);
        Assert.AreEqual(without.Validation!.BitsPerDim, with.Validation!.BitsPerDim);
        Assert.AreNotEqual(without.Training.BitsPerDim, with.Training.BitsPerDim);
        Assert.AreEqual(sha256, new ImageSet("few", 1, 28, 28, few.Pixels.ToArray()).Sha256, "the images themselves were changed");
    });
}
