using TinyFlow.Nvp.Data;
using TinyFlow.Nvp.Evaluation;
using TinyFlow.Nvp.Models;
using TinyFlow.Nvp.Training;
using TinyFlow.Tests.Backends;
using TinyFlow.Tests.Nvp;
using TinyFlow.Tests.Training;

namespace TinyFlow.Tests.Cuda;

/// <summary>Work as a graph: the same bits as step by step, one launch and nothing else a step.</summary>
[TestClass]
[DoNotParallelize]
public sealed class CudaRecordingTests
{
    private const int CaptureUnsupported = 900, OutOfMemory = 2;

    public static IEnumerable<object[]> PresetNames => Presets.All.Select(preset => new object[] { preset.Name });

    [TestMethod]
    public void Recorded_work_is_not_done_before_it_is_repeated_and_then_on_what_the_tensors_hold()
    {
        using CudaBackend backend = Standin.Open(poison: true);
        using (Tensor x = backend.Full([5], 2), y = backend.Zeros([5]))
        {
            void Work()
            {
                using Tensor square = backend.Allocate([5]);
                backend.Pointwise<TinyFlow.Pointwise.Square>(x, square);
                backend.ScaleShift(square, 10, 1, y);
            }

            Work();
            backend.Fill(y, 0);
            using (IRecording recording = backend.Record(Work))
            {
                Assert.AreEqual(0, y[4], "before");
                recording.Replay();
                Assert.AreEqual(41, y[4], "2");
                backend.Fill(x, 3);
                recording.Replay();
                Assert.AreEqual(91, y[4], "3");
            }
        }

        backend.AssertNoLeaks();
    }

    [TestMethod]
    public void Memory_of_recorded_work_is_handed_out_to_nothing_else_until_it_is_disposed()
    {
        using CudaBackend backend = Standin.Open();
        using Tensor y = backend.Zeros([1000]);
        void Work()
        {
            using Tensor one = backend.Ones([1000]);
            backend.ScaleShift(one, 7, 0, y);
        }

        Work();
        long before = backend.Memory.SystemAllocations;
        IRecording recording = backend.Record(Work);
        using (Tensor other = backend.Full([1000], 5))
        {
            Assert.AreEqual(before + 1, backend.Memory.SystemAllocations);
            recording.Replay();
            Assert.AreEqual(5, other[999]);
            Assert.AreEqual(7, y[999]);
        }

        recording.Dispose();
        backend.Ones([1000]).Dispose();
        Assert.AreEqual(before + 1, backend.Memory.SystemAllocations);
    }

    [TestMethod]
    public void Work_that_needs_the_host_or_new_memory_is_refused_with_the_reason_and_the_backend_goes_on()
    {
        using CudaBackend backend = Standin.Open();
        using Tensor x = backend.Ones([3]);
        OnReference.Throws<NotSupportedException>(() => backend.Record(() => x.ToArray()), "reads to the host");
        OnReference.Throws<NotSupportedException>(() => backend.Record(() => backend.Write([1f, 2f, 3f], x)), "writes from the host");
        OnReference.Throws<NotSupportedException>(() => backend.Record(() => backend.Allocate([1 << 20], "the answer").Dispose()), "the answer [1048576]", "Do it in the same shapes before");
        backend.ScaleShift(x, 2, 0, x);
        Assert.AreEqual(2, x[2]);
    }

    [TestMethod]
    [DataRow("notebook")]
    [DataRow("bjlkeng")]
    [DataRow("paper-bn")]
    [DataRow("mixture")]
    [DataRow("spline")]
    [DataRow("quick")]
    [DataRow("affine")]
    public void A_step_that_is_recorded_is_the_same_to_the_bit(string preset)
    {
        using CudaBackend backend = Standin.Open();
        CollectionAssert.AreEqual(Train(backend, Small(preset), recordsSteps: false), Train(backend, Small(preset), recordsSteps: true));
    }

    [TestMethod]
    public void A_recorded_step_is_one_launch_without_copies_or_waiting()
    {
        using StandinControl control = new();
        using CudaBackend backend = Standin.Open();
        using FlowModel model = FlowModel.Create(Small("notebook").Model, backend, seed: 1);
        using Trainer trainer = new(model, Small("notebook").Training with { BatchSize = 4, MaxSteps = 33 }, Few(240));
        control.ResetCounts();
        Dictionary<long, (long Graphs, long Kernels, long ToDevice, long ToHost, long Waits, long Allocations)> at = [];
        trainer.Run(new StepWatcher(step => at[step.Step] = (
            control.Count("graph_launches"), control.Count("launches"), control.Count("host_to_device"), control.Count("device_to_host"),
            control.Count("synchronizations"), control.Count("allocations"))));

        // Steps are told of when the host has looked at 32 at once; the last comes alone.
        Assert.AreEqual(30, at[32].Graphs);
        Assert.AreEqual(1, at[33].Graphs - at[32].Graphs, "graphs a step");
        Assert.AreEqual(0, at[33].Kernels - at[32].Kernels, "kernels beside the graph");
        Assert.AreEqual(0, at[33].ToDevice - at[32].ToDevice, "copies to the device");
        Assert.AreEqual(1, at[33].ToHost - at[32].ToHost, "one look at what came of it");
        Assert.AreEqual(1, at[33].Waits - at[32].Waits, "one look at what came of it");
        Assert.AreEqual(0, at[33].Allocations - at[32].Allocations);
    }

    [TestMethod]
    public void A_repeated_step_whose_loss_is_not_finite_changes_nothing_and_is_named()
    {
        using StandinControl control = new();
        using CudaBackend backend = Standin.Open();
        Preset preset = Small("notebook");
        using FlowModel model = FlowModel.Create(preset.Model, backend, seed: 1);
        using Trainer trainer = new(model, preset.Training with { AverageDecay = null }, Few(24));
        double[] State() => [.. model.Parameters.Export().SelectMany(array => array.Values)];
        double[] before = [];

        // The second epoch, from step 4 on, is done by repetition.
        NonFiniteException exception = Assert.ThrowsExactly<NonFiniteException>(() => trainer.Run(new StepWatcher(onEpoch: report =>
        {
            backend.Fill(model.Parameters.Parameters[0].Value, double.PositiveInfinity);
            before = State();
            control.ResetCounts();
        })));
        Assert.Contains("step 4", exception.Message);
        Assert.IsGreaterThan(0L, control.Count("graph_launches"));
        Assert.AreEqual(3L, trainer.Step);
        CollectionAssert.AreEqual(before, State());
    }

    [TestMethod]
    [DynamicData(nameof(PresetNames))]
    public void An_evaluation_that_is_recorded_is_the_same_to_the_bit(string preset)
    {
        using CudaBackend backend = Standin.Open(poison: true);
        using (FlowModel model = FlowModelTests.New(preset, backend))
        {
            // Four batches of 100 images and one of 11, twice each: the first six are 100 images with a look at the first.
            ImageSet images = Small8(411);
            EvaluationSettings settings = new() { NoiseDraws = 2, ImportanceSamples = 2, InverseChecks = 3, Seed = 4 };
            EvaluationResult eager = Evaluator.Evaluate(model, images, settings, records: false);
            EvaluationResult recorded = Evaluator.Evaluate(model, images, settings, records: true);
            Assert.IsNull(recorded.NotRecorded);
            CollectionAssert.AreEqual(eager.PerImage.ToArray(), recorded.PerImage.ToArray());
            Assert.AreEqual(eager.Importance, recorded.Importance);
            Assert.AreEqual(eager.LargestInverseError, recorded.LargestInverseError);
        }

        backend.AssertNoLeaks();
    }

    [TestMethod]
    [DynamicData(nameof(PresetNames))]
    public void Samples_that_are_recorded_are_the_same_to_the_bit(string preset)
    {
        // The inverse of a 1x1 convolution is that of a matrix, which the host computes.
        ModelConfig config = Presets.Find(preset).Model;
        bool hasConvolutions = config.Architecture is Architecture.Squeezed or Architecture.MultiScale;
        SampleBothWays(config, isRecorded: !hasConvolutions);
        if (hasConvolutions)
        {
            SampleBothWays(config with { InvertibleConvolution = false }, isRecorded: true);
        }
    }

    private static void SampleBothWays(ModelConfig config, bool isRecorded)
    {
        using CudaBackend backend = Standin.Open(poison: true);
        using (FlowModel model = FlowModelTests.New(config, backend))
        {
            using Tensor eager = model.Sample(4 * 64 + 3, 0.7, seed: 5, records: false, out _), recorded = model.Sample(4 * 64 + 3, 0.7, seed: 5, records: true, out string? reason);
            if (!isRecorded)
            {
                Assert.Contains("reads to the host", reason!);
            }
            else
            {
                Assert.IsNull(reason);
            }

            CollectionAssert.AreEqual(eager.ToDoubles(), recorded.ToDoubles());
        }

        backend.AssertNoLeaks();
    }

    [TestMethod]
    public void A_recorded_evaluation_is_one_launch_a_batch_and_one_look_at_32()
    {
        using StandinControl control = new();
        using CudaBackend backend = Standin.Open();
        using FlowModel model = FlowModelTests.New("notebook", backend);
        (long Graphs, long Kernels, long ToDevice, long ToHost) Of(int batches)
        {
            control.ResetCounts();
            EvaluationResult result = Evaluator.Evaluate(model, Small8(batches * 100));
            Assert.IsNull(result.NotRecorded);
            return (control.Count("graph_launches"), control.Count("launches"), control.Count("host_to_device"), control.Count("device_to_host"));
        }

        // What is there once, and the two first batches, cost the same; a second look comes with a second table.
        (long Graphs, long Kernels, long ToDevice, long ToHost) four = Of(4), ten = Of(10), forty = Of(40);
        Assert.AreEqual(2, four.Graphs);
        Assert.AreEqual(four with { Graphs = 8 }, ten);
        Assert.AreEqual(38, forty.Graphs);
        Assert.AreEqual(ten.ToHost + 1, forty.ToHost);
        Assert.AreEqual(ten.ToDevice + 1, forty.ToDevice);
    }

    [TestMethod]
    public void Where_the_driver_refuses_to_record_evaluation_and_samples_go_on_one_by_one_and_say_why()
    {
        using StandinControl control = new();
        using CudaBackend backend = Standin.Open();
        using FlowModel model = FlowModelTests.New("notebook", backend);
        EvaluationResult eager = Evaluator.Evaluate(model, Small8(400), null, records: false);
        using Tensor expected = model.Sample(4 * 64, 1, seed: 5, records: false, out _);
        control.Fail("cuStreamBeginCapture_v2", 0, CaptureUnsupported);
        EvaluationResult refused = Evaluator.Evaluate(model, Small8(400));
        using Tensor samples = model.Sample(4 * 64, 1, seed: 5, records: true, out string? reason);
        Assert.Contains("cuStreamBeginCapture_v2", refused.NotRecorded!);
        Assert.Contains("cuStreamBeginCapture_v2", reason!);
        CollectionAssert.AreEqual(eager.PerImage.ToArray(), refused.PerImage.ToArray());
        CollectionAssert.AreEqual(expected.ToDoubles(), samples.ToDoubles());
    }

    [TestMethod]
    [DataRow("cuStreamBeginCapture_v2", CaptureUnsupported)]
    [DataRow("cuGraphInstantiateWithFlags", OutOfMemory)]
    public void Where_recording_fails_training_goes_on_step_by_step_and_says_why(string call, int code)
    {
        using StandinControl control = new();
        using CudaBackend backend = Standin.Open();
        double[] expected = Train(backend, Small("notebook"), recordsSteps: false);
        control.Fail(call, 0, code);
        string? reason = null;
        CollectionAssert.AreEqual(expected, Train(backend, Small("notebook"), recordsSteps: true, trainer => reason = trainer.StepsNotRecorded));
        Assert.Contains(call, reason!);
        Assert.Contains($"({code})", reason!);
        backend.AssertNoLeaks();
    }

    // The largest layers made small: what is to be shown is the same.
    private static Preset Small(string name)
    {
        Preset preset = Presets.Find(name);
        ModelConfig model = preset.Model with
        {
            Hidden = 4,
            Blocks = Math.Min(preset.Model.Blocks, 1),
            Layers = name is "bjlkeng" ? preset.Model.Layers : Math.Min(preset.Model.Layers, 2),
            DenseLayers = Math.Min(preset.Model.DenseLayers, 1),
            DenseHidden = Math.Min(preset.Model.DenseHidden, 8),
        };
        return preset with { Model = model, Training = preset.Training with { BatchSize = 8, Epochs = 3, AverageDecay = 0.9 } };
    }

    private static double[] Train(CudaBackend backend, Preset preset, bool recordsSteps, Action<Trainer>? after = null)
    {
        using FlowModel model = FlowModel.Create(preset.Model, backend, seed: 1);
        using Trainer trainer = new(model, preset.Training, Few(24), recordsSteps);
        trainer.Run();
        after?.Invoke(trainer);
        if (after is null)
        {
            Assert.IsNull(trainer.StepsNotRecorded);
        }

        return [.. model.Parameters.Export().SelectMany(array => array.Values)];
    }

    // Pieces of digits as images of 8x8 pixels.
    private static ImageSet Small8(int count) => new("pieces", 1, 8, 8, DataSource.Open(DataSource.Mini).Training.Pixels[..(count * 64)].ToArray());

    // Of 24 images 20 train: two full batches of 8 and one of 4.
    private static DataSource Few(int count)
    {
        ImageSet images = DataSource.Open(DataSource.Mini).Published.Slice(0, count, "few");
        return new DataSource("few", images, () => images);
    }
}
