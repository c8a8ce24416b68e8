using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Training;

namespace TinyFlow.Tests.Cuda;

/// <summary>
/// How much a training step asks of a GPU: each launch costs microseconds, whatever it computes. Counted at a size at which no
/// kernel cuts its work into parts.
/// </summary>
[TestClass]
[DoNotParallelize]
public sealed class StepLaunchTests
{
    public TestContext TestContext { get; set; } = null!;

    // What has been reached: whoever lowers a count lowers the limit.
    [TestMethod]
    [DataRow("notebook", 149)]
    [DataRow("bjlkeng", 1342)]
    [DataRow("paper", 1384)]
    [DataRow("mixture", 1140)] // of two blocks; of one, 930
    [DataRow("affine", 794)]
    [DataRow("quick", 1147)]
    [DataRow("spline", 1452)]
    public void A_training_step_takes_no_more_kernels_library_calls_and_fills_than(string preset, int most)
    {
        using StandinControl control = new();
        using CudaBackend backend = Standin.Open();

        // Convolutions are measured at their first use; after that, one step more is what differs.
        Run(1);
        long one = Run(1), two = Run(2);
        TestContext.WriteLine($"{preset}: {two - one}");
        Assert.IsInRange(1, most, two - one, preset);

        long Run(int steps)
        {
            Preset settings = Presets.Find(preset);
            ImageSet images = DataSource.Open(DataSource.Mini).Published.Slice(0, 20, "few");
            using FlowModel model = FlowModel.Create(settings.Model with { Hidden = 4 }, backend, seed: 1);
            using Trainer trainer = new(model, settings.Training with { BatchSize = 2, MaxSteps = steps }, new DataSource("few", images, () => images));
            control.ResetCounts();
            trainer.Run();
            return control.Count("launches") + control.Count("library_calls") + control.Count("memsets");
        }
    }
}
