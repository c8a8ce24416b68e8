using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Tapes;

[TestClass]
public sealed class GradCheckTests
{
    [TestMethod]
    public void A_right_gradient_passes_with_digits_to_spare() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Normal([2, 3], new NoiseKey(1, 0));
        GradCheckReport report = GradCheck.Run(backend, "x·tanh(x)", (_, v) => v[0] * v[0].Tanh(), x);
        Assert.IsTrue(report.IsRight);
        Assert.IsLessThan(1e-10, report.Deviation);
        Assert.AreEqual(6L, report.Elements);
        report.ThrowIfWrong();
    });

    [TestMethod]
    public void A_wrong_gradient_is_named_with_op_input_element_and_both_values() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Ones([4]), y = backend.Create([2, 2], [1.0, 2.0, 3.0, 4.0]);
        GradCheckReport report = GradCheck.Run(backend, "product", (_, v) => v[0].Reshape([2, 2]) * WithWrongGradient(v[1]), x, y);

        Assert.IsFalse(report.IsRight);
        Assert.AreEqual(1, report.Input);
        CollectionAssert.AreEqual((int[])[1, 0], report.Index.ToArray());
        Assert.AreEqual(1.001, report.Analytic / report.Numeric, 1e-8);
        OnReference.Throws<InvalidOperationException>(report.ThrowIfWrong, "product", "wrong", "[1, 0] of input 1 [2, 2]", "analytic", "numeric", "deviation");
    });

    [TestMethod]
    public void A_gradient_that_only_a_constant_weight_would_accept_is_wrong() => OnReference.Run(backend =>
    {
        // Gives every element the mean of the gradient: right if the incoming gradient is constant.
        using Tensor x = backend.Normal([5], new NoiseKey(1, 0));
        Assert.IsFalse(GradCheck.Run(backend, "mean", (_, v) => Recorded(v[0], dy =>
        {
            using Tensor mean = backend.Allocate([1]);
            backend.Sum(dy, 1.0 / dy.Count, mean);
            backend.Broadcast(mean, 1, v[0].Grad);
        }), x).IsRight);
    });

    [TestMethod]
    public void A_gradient_that_is_not_a_number_is_wrong() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Ones([2]);
        Assert.IsFalse(GradCheck.Run(backend, "nothing", (_, v) => Recorded(v[0], _ => v[0].Backend.Fill(v[0].Grad.Tensor!, double.NaN)), x).IsRight);
    });

    [TestMethod]
    public void An_input_without_influence_has_no_gradient() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Ones([2]), y = backend.Ones([2]);
        GradCheck.Run(backend, "x alone", (_, v) => v[0].Exp(), x, y).ThrowIfWrong();
    });

    [TestMethod]
    public void Inputs_stay_as_they_are() => OnReference.Run(backend =>
    {
        using Tensor x = backend.Create([2], [0.1, 1e6]);
        GradCheck.Run(backend, "square", (_, v) => v[0].Square(), x).ThrowIfWrong();
        CollectionAssert.AreEqual((double[])[0.1, 1e6], x.ToDoubles());
    });

    [TestMethod]
    public void Nothing_to_check_is_refused() => OnReference.Run(backend =>
    {
        using Tensor empty = backend.Allocate([0]);
        OnReference.Throws<ArgumentException>(() => GradCheck.Run(backend, "f", (_, v) => v[0]), "f was given no inputs");
        OnReference.Throws<ArgumentException>(() => GradCheck.Run(backend, "f", (_, v) => v[0].Exp(), empty), "no elements");
    });

    /// <summary>The identity, whose gradient is wrong by a tenth of a percent in element [1, 0].</summary>
    private static Var WithWrongGradient(Var x) => Recorded(x, dy =>
    {
        using Tensor factors = x.Backend.Create([2, 2], [1, 1, 1.001, 1]);
        using Tensor wrong = x.Backend.Allocate(x.Shape);
        x.Backend.Binary<Pointwise.Multiply>(dy, factors, wrong);
        x.Backend.ScaleShift(wrong, 1, 0, x.Grad);
    });

    private static Var Recorded(Var x, Action<Tensor> backward)
    {
        Tensor y = x.Tape.Own("Copy", x.Shape, x);
        x.Backend.ScaleShift(x.Value, 1, 0, y);
        return x.Tape.Record(y, [x], backward);
    }
}
