using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Tapes;

/// <summary>Each misuse is a sentence that names the op, the shapes and what to do.</summary>
[TestClass]
public sealed class TapeMisuseTests
{
    [TestMethod]
    public void Operands_of_two_tapes() => WithTape((tape, x) =>
    {
        using Tape other = new(tape.Backend);
        Var y = other.Input(x.Value);
        OnReference.Throws<InvalidOperationException>(() => _ = x * y, "Multiply:", "[2, 3]", "another tape", "tape.Constant(value.Value)");
        OnReference.Throws<InvalidOperationException>(() => Movement.Concat(0, x, y), "Concat:", "[2, 3]", "another tape");
        OnReference.Throws<InvalidOperationException>(() => tape.Backward(y.Sum()), "Backward:", "[]", "another tape");
    });

    [TestMethod]
    public void Operands_of_two_backends() => WithTape((tape, x) =>
    {
        using ReferenceBackend elsewhere = new();
        using Tensor foreign = elsewhere.Ones([2, 3]), home = tape.Backend.Ones([2, 3]);
        using Tape other = new(elsewhere);
        OnReference.Throws<InvalidOperationException>(() => tape.Input(foreign), "Input:", "[2, 3]", "'reference'", "backend.CopyOf(tensor)");
        OnReference.Throws<InvalidOperationException>(() => tape.Constant(foreign), "Constant:", "[2, 3]", "backend.CopyOf(tensor)");
        OnReference.Throws<InvalidOperationException>(() => tape.Parameter(home, foreign), "Parameter:", "[2, 3]", "backend.CopyOf(tensor)");
        OnReference.Throws<InvalidOperationException>(() => _ = x + other.Input(foreign), "Add:", "[2, 3]", "backend.CopyOf(tensor)");
    });

    [TestMethod]
    public void A_mask_or_statistics_of_another_backend() => OnReference.Run(backend =>
    {
        using ReferenceBackend elsewhere = new();
        using Tensor image = backend.Ones([2, 1, 2, 2]), twice = backend.Ones([2, 2, 2, 2]), one = backend.Ones([1]), mask = elsewhere.Ones([1, 2, 2]), foreign = elsewhere.Ones([1]);
        using Tape tape = new(backend);
        Var x = tape.Input(image), h = tape.Input(twice), gamma = tape.Input(one);
        OnReference.Throws<InvalidOperationException>(() => x.AffineCoupling(h, null, mask, CouplingForm.ScaleThenShift), "AffineCoupling:", "[1, 2, 2]", "backend.CopyOf(tensor)");
        OnReference.Throws<InvalidOperationException>(
            () => x.BatchNorm2D(gamma, gamma, one, foreign, new BatchNormSettings(1e-5, 0.1, Activation.None), BatchStatistics.Batch), "BatchNorm2D:", "[1]", "backend.CopyOf(tensor)");
    });

    [TestMethod]
    public void A_second_backward_pass() => WithTape((tape, x) =>
    {
        Var loss = x.Sum();
        tape.Backward(loss);
        OnReference.Throws<InvalidOperationException>(() => tape.Backward(loss), "Backward:", "differentiated already", "Make a new Tape");
    });

    [TestMethod]
    public void Computing_after_the_backward_pass() => WithTape((tape, x) =>
    {
        tape.Backward(x.Sum());
        OnReference.Throws<InvalidOperationException>(() => x.Tanh(), "Tanh:", "differentiated already", "Make a new Tape");
    });

    [TestMethod]
    public void Computing_after_the_tape_has_ended() => WithTape((tape, x) =>
    {
        tape.Dispose();
        OnReference.Throws<ObjectDisposedException>(() => x.Tanh(), "Tanh:", "has ended", "using block");
        OnReference.Throws<ObjectDisposedException>(() => x.Reshape([6]), "Reshape:", "has ended", "using block");
    });

    [TestMethod]
    public void A_released_operand() => WithTape((tape, x) =>
    {
        Tensor value = tape.Backend.Ones([2, 3]);
        Var y = tape.Input(value);
        value.Dispose();
        OnReference.Throws<ObjectDisposedException>(() => _ = x - y, "Subtract:", "[2, 3]", "has been released", "keep a copy");
        OnReference.Throws<ObjectDisposedException>(() => y.Reshape([6]), "Reshape:", "[2, 3]", "has been released");
        OnReference.Throws<ObjectDisposedException>(() => tape.Input(value), "Input:", "[2, 3]", "has been released");
    });

    [TestMethod]
    public void A_value_read_after_its_tape() => WithTape((tape, x) =>
    {
        Var y = x.Tanh();
        tape.Dispose();
        OnReference.Throws<ObjectDisposedException>(() => y.Value.ToDoubles(), "[2, 3]", "after its release", "ToArray");
    });

    [TestMethod]
    public void A_loss_that_is_not_a_scalar() =>
        WithTape((tape, x) => OnReference.Throws<ArgumentException>(() => tape.Backward(x), "Backward:", "[2, 3]", "Sum or average"));

    [TestMethod]
    public void A_loss_that_depends_on_nothing() => WithTape((tape, x) =>
        OnReference.Throws<InvalidOperationException>(() => tape.Backward(tape.Constant(x.Value).Sum()), "Backward:", "does not depend on any input or parameter"));

    [TestMethod]
    public void A_backward_pass_on_a_tape_that_does_not_record() => WithTape((tape, x) =>
    {
        using Tape evaluation = new(tape.Backend, recording: false);
        OnReference.Throws<InvalidOperationException>(() => evaluation.Backward(evaluation.Input(x.Value).Sum()), "Backward:", "does not record", "recording: true");
    });

    [TestMethod]
    public void A_gradient_before_the_backward_pass() =>
        WithTape((tape, x) => OnReference.Throws<InvalidOperationException>(() => _ = x.Gradient, "[2, 3]", "call Tape.Backward first"));

    [TestMethod]
    public void The_gradient_of_a_constant() => WithTape((tape, x) =>
        OnReference.Throws<InvalidOperationException>(() => _ = tape.Constant(x.Value).Gradient, "[2, 3]", "constant", "with Input"));

    [TestMethod]
    public void The_gradient_of_an_intermediate_value() => WithTape((tape, x) =>
    {
        Var h = x.Tanh();
        tape.Backward(h.Sum());
        OnReference.Throws<InvalidOperationException>(() => _ = h.Gradient, "[2, 3]", "inputs and parameters");
    });

    [TestMethod]
    public void A_gradient_tensor_of_another_shape() => WithTape((tape, x) =>
    {
        using Tensor gradient = tape.Backend.Zeros([3, 2]);
        OnReference.Throws<ArgumentException>(() => tape.Parameter(x.Value, gradient), "Parameter:", "[2, 3]", "[3, 2]");
    });

    [TestMethod]
    public void Detaching_what_the_tape_does_not_own() => WithTape((tape, x) =>
        OnReference.Throws<InvalidOperationException>(() => tape.Detach(x), "Detach:", "[2, 3]", "copy it"));

    [TestMethod]
    public void Shapes_that_do_not_fit() => WithTape((tape, x) =>
    {
        using Tensor wide = tape.Backend.Ones([2, 4]), image = tape.Backend.Ones([2, 3, 5, 5]), kernel = tape.Backend.Ones([4, 2, 3, 3]), large = tape.Backend.Ones([4, 3, 7, 7]);
        Var y = tape.Input(wide), i = tape.Input(image), k = tape.Input(kernel), l = tape.Input(large);
        OnReference.Throws<ArgumentException>(() => _ = x + y, "Add:", "[2, 3]", "[2, 4]", "equal or 1");
        OnReference.Throws<ArgumentException>(() => x.MatMul(x), "MatMul:", "[2, 3] by [2, 3]", "[…, m, k] and […, k, n]");
        OnReference.Throws<ArgumentException>(() => x.MatMul(i), "MatMul:", "[2, 3]", "[2, 3, 5, 5]");
        OnReference.Throws<ArgumentException>(() => i.Conv2D(k), "Conv2D:", "3 channels", "expects 2", "[2, 3, 5, 5]", "[4, 2, 3, 3]");
        OnReference.Throws<ArgumentException>(() => i.Conv2D(l), "Conv2D:", "larger than the padded input", "[4, 3, 7, 7]");
        OnReference.Throws<ArgumentException>(() => i.Conv2D(l, null, new ConvolutionWindow(0, 1)), "Conv2D:", "strides must be at least 1");
        OnReference.Throws<ArgumentException>(() => i.Conv2D(l, x, new ConvolutionWindow(1, 1)), "Conv2D:", "bias must be [4]", "[2, 3]");
        OnReference.Throws<ArgumentException>(() => i.Squeeze(), "Squeeze:", "even H and W", "[2, 3, 5, 5]");
        OnReference.Throws<ArgumentException>(() => i.Unsqueeze(), "Unsqueeze:", "divisible by 4", "[2, 3, 5, 5]");
        OnReference.Throws<ArgumentException>(() => x.Reshape([4, 2]), "Reshape:", "[2, 3]", "[4, 2]");
        OnReference.Throws<ArgumentException>(() => x.Permute(0, 0), "Permute:", "[0, 0]", "[2, 3]", "exactly once");
        OnReference.Throws<ArgumentException>(() => x.Permute(0), "Permute:", "[0]", "[2, 3]", "exactly once");
        OnReference.Throws<ArgumentException>(() => Movement.Concat(0, x, y), "Concat:", "[2, 3]", "[2, 4]");
        OnReference.Throws<ArgumentException>(() => Movement.Concat(0), "Concat:", "at least one operand");
        OnReference.Throws<ArgumentException>(() => x.BroadcastTo([3, 3]), "BroadcastTo:", "[2, 3]", "[3, 3]");
        OnReference.Throws<ArgumentOutOfRangeException>(() => x.Slice(1, 2, 2), "Slice:", "2 to 3", "axis 1", "[2, 3]");
        OnReference.Throws<ArgumentOutOfRangeException>(() => x.SumOver(2), "Axis 2", "[2, 3]");
        OnReference.Throws<ArgumentException>(
            () => i.BatchNorm2D(y, y, wide, wide, new BatchNormSettings(1e-5, 0.1, Activation.None), BatchStatistics.Batch), "BatchNorm2D:", "gamma", "[3]", "[2, 4]");
        OnReference.Throws<ArgumentException>(() => i.InstanceNorm2D(x, 1e-5, Activation.Relu), "InstanceNorm2D:", "the residual", "[2, 3, 5, 5]", "[2, 3]");
        OnReference.Throws<ArgumentException>(() => x.InstanceNormalizedConv2D(1e-5, Activation.Relu, l), "InstanceNorm2D:", "[N, C, H, W]", "[2, 3]");
        OnReference.Throws<ArgumentException>(() => i.AffineCoupling(i, null, wide, CouplingForm.ScaleThenShift), "AffineCoupling:", "h must be [2, 6, 5, 5]", "[2, 3, 5, 5]");
    });

    [TestMethod]
    public void A_wrong_weight_behind_a_batch_norm_changes_no_statistics() => OnReference.Run(backend =>
    {
        using Tensor image = backend.Normal([2, 3, 4, 4], new NoiseKey(1, 1)), three = backend.Ones([3]), mean = backend.Zeros([3]), variance = backend.Ones([3]), wrong = backend.Ones([2, 4, 3, 3]);
        using Tensor fitting = backend.Ones([2, 3, 3, 3]);
        using Tape tape = new(backend), other = new(backend);
        Var x = tape.Input(image), gamma = tape.Input(three);
        BatchNormOperands norm = new(gamma, gamma, mean, variance, new BatchNormSettings(1e-5, 0.1, Activation.Relu), BatchStatistics.Batch);
        OnReference.Throws<ArgumentException>(() => x.NormalizedConv2D(norm, tape.Input(wrong)), "Conv2D:", "[2, 3, 4, 4]", "[2, 4, 3, 3]");
        OnReference.Throws<InvalidOperationException>(() => x.NormalizedConv2D(norm, other.Input(fitting)), "NormalizedConv2D:", "another tape");
        CollectionAssert.AreEqual((double[])[0, 0, 0, 1, 1, 1], (double[])[.. mean.ToDoubles(), .. variance.ToDoubles()]);
    });

    [TestMethod]
    [DataRow("reference")]
    [DataRow("cpu")]
    [DataRow("cuda")]
    public void A_batch_norm_that_does_not_fit_what_is_convolved_changes_no_statistics(string device) => Nvp.Devices.Run(device, backend =>
    {
        using Tensor image = backend.Normal([2, 3, 4, 4], new NoiseKey(1, 1)), three = backend.Ones([3]), mean = backend.Zeros([3]), variance = backend.Ones([3]);
        using Tensor weights = backend.Ones([2, 3, 3, 3]), two = backend.Ones([2]);
        using Tape tape = new(backend), other = new(backend);
        Var x = tape.Input(image), gamma = tape.Input(three), weight = tape.Input(weights), fits = tape.Input(two), elsewhere = other.Input(two);
        BatchNormOperands norm = new(gamma, gamma, mean, variance, new BatchNormSettings(1e-5, 0.1, Activation.Relu), BatchStatistics.Batch);
        OnReference.Throws<ArgumentException>(() => x.MeasuredConv2D(norm, weight, null, null, norm), "BatchNorm2D:", "gamma", "[2]", "[3]");
        BatchNormOperands following = norm with { Gamma = fits, Beta = elsewhere, RunningMean = two, RunningVariance = two };
        OnReference.Throws<InvalidOperationException>(() => x.MeasuredConv2D(norm, weight, null, null, following), "MeasuredConv2D:", "another tape");
        following = following with { Beta = fits };
        OnReference.Throws<ArgumentException>(() => x.MeasuredConv2D(norm, weight, gamma, null, following), "Conv2D:", "bias must be [2]", "[3]");
        CollectionAssert.AreEqual((double[])[0, 0, 0, 1, 1, 1, 1, 1], (double[])[.. mean.ToDoubles(), .. variance.ToDoubles(), .. two.ToDoubles()]);
    });

    [TestMethod]
    public void Statistics_that_were_taken_go_with_what_they_are_of() => OnReference.Run(backend =>
    {
        using Tensor image = backend.Normal([2, 2, 4, 4], new NoiseKey(1, 1)), weights = backend.Ones([2, 2, 1, 1]), two = backend.Ones([2]), mean = backend.Zeros([2]), variance = backend.Ones([2]);
        using Tape tape = new(backend);
        Var x = tape.Input(image), weight = tape.Input(weights), gamma = tape.Input(two);
        BatchNormOperands norm = new(gamma, gamma, mean, variance, new BatchNormSettings(1e-5, 0.1, Activation.Relu), BatchStatistics.Batch);
        (Var y, BatchNormOperands following) = x.MeasuredConv2D(norm: null, weight, null, null, norm);
        foreach (Action misuse in (Action[])
        [
            () => x.BatchNorm2D(following),
            () => x.NormalizedConv2D(following, weight),
            () => y.BatchNorm2D(following with { Statistics = BatchStatistics.Running }),
            () => y.NormalizedConv2D(following with { Settings = norm.Settings with { Epsilon = 1 } }, weight),
            () => y.BatchNorm2D(following with { RunningMean = two }),
        ])
        {
            OnReference.Throws<InvalidOperationException>(misuse, "BatchNorm2D:", "MeasuredConv2D");
        }

        CollectionAssert.AreEqual(y.BatchNorm2D(norm with { RunningMean = two }).Value.ToDoubles(), y.BatchNorm2D(following).Value.ToDoubles());
    });

    [TestMethod]
    public void Batch_statistics_of_a_single_value() => OnReference.Run(backend =>
    {
        using Tensor image = backend.Ones([1, 2, 1, 1]), two = backend.Ones([2]);
        using Tape tape = new(backend);
        Var x = tape.Input(image), gamma = tape.Input(two);
        OnReference.Throws<ArgumentException>(
            () => x.BatchNorm2D(gamma, gamma, two, two, new BatchNormSettings(1e-5, 0.1, Activation.None), BatchStatistics.Batch),
            "BatchNorm2D:", "at least 2 values", "[1, 2, 1, 1]", "running statistics");
    });

    private static void WithTape(Action<Tape, Var> test) => OnReference.Run(backend =>
    {
        using Tensor value = backend.Ones([2, 3]);
        using Tape tape = new(backend);
        test(tape, tape.Input(value));
    });
}
