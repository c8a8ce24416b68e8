using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;
using TinyFlow.Tests.Backends;

namespace TinyFlow.Tests.Tapes;

[TestClass]
public sealed class TapeTests
{
    [TestMethod]
    public void A_gradient_arrives_at_an_input() => OnReference.Run(backend =>
    {
        using Tensor value = backend.Create([3], [1.0, 2.0, -3.0]);
        using Tape tape = new(backend);
        Var x = tape.Input(value), loss = (x * x).Sum();
        tape.Backward(loss);
        CollectionAssert.AreEqual((double[])[2, 4, -6], x.Gradient.ToDoubles());
        Assert.AreEqual(14, loss.Value.Item());
    });

    [TestMethod]
    public void A_parameters_gradient_goes_where_it_is_told_and_overwrites() => OnReference.Run(backend =>
    {
        using Tensor value = backend.Create([2], [1.0, 2.0]), gradient = backend.Full([2], 77), unused = backend.Ones([2]), zeros = backend.Full([2], 77);
        using Tape tape = new(backend);
        Var p = tape.Parameter(value, gradient);
        _ = tape.Parameter(unused, zeros);
        Assert.AreSame(p, tape.Parameter(value, gradient));
        tape.Backward((p * p * p).Sum());
        CollectionAssert.AreEqual((double[])[3, 12], gradient.ToDoubles());
        CollectionAssert.AreEqual((double[])[0, 0], zeros.ToDoubles());
    });

    [TestMethod]
    public void An_input_that_the_loss_does_not_reach_has_a_gradient_of_zeros() => OnReference.Run(backend =>
    {
        using Tensor value = backend.Ones([2]);
        using Tape tape = new(backend);
        Var x = tape.Input(value), other = tape.Input(value);
        tape.Backward(x.Sum());
        CollectionAssert.AreEqual((double[])[0, 0], other.Gradient.ToDoubles());
    });

    [TestMethod]
    public void What_the_loss_does_not_use_is_not_differentiated() => OnReference.Run(backend =>
    {
        using Tensor value = backend.Ones([2]);
        using Tape tape = new(backend);
        Var x = tape.Input(value);
        _ = tape.Record(tape.Own("Trap", x.Shape, x), [x], _ => Assert.Fail("This result has no part in the loss."));
        tape.Backward(x.Sum());
    });

    [TestMethod]
    public void A_tape_returns_everything_even_without_a_backward_pass() => OnReference.Run(backend =>
    {
        using Tensor value = backend.Ones([2]);
        using Tape tape = new(backend);
        _ = tape.Input(value).Exp().Sum();
    });

    [TestMethod]
    public void A_backward_pass_releases_values_as_it_goes() => OnReference.Run(backend =>
    {
        using Tensor value = backend.Ones([1000]);
        using Tape tape = new(backend);
        Var h = tape.Input(value);
        for (int i = 0; i < 20; i++)
        {
            h = h.Tanh();
        }

        long before = backend.Memory.Live;
        tape.Backward(h.Sum());
        Assert.IsLessThan(before / 5, backend.Memory.Live);
        Assert.IsLessThan(before + 4 * 8000, backend.Memory.Peak);
    });

    [TestMethod]
    public void A_tape_that_does_not_record_lets_values_go_early() => OnReference.Run(backend =>
    {
        using Tensor value = backend.Ones([1000]);
        using Tape tape = new(backend, recording: false);
        long before = backend.Memory.Live;
        Var h = tape.Input(value).Tanh();
        tape.Release(h);
        Assert.AreEqual(before, backend.Memory.Live);
    });

    [TestMethod]
    public void A_detached_value_outlives_its_tape() => OnReference.Run(backend =>
    {
        using Tensor value = backend.Ones([2]);
        Tensor kept;
        using (Tape tape = new(backend))
        {
            kept = tape.Detach(tape.Input(value) * 3);
        }

        CollectionAssert.AreEqual((double[])[3, 3], kept.ToDoubles());
        kept.Dispose();
    });

    [TestMethod]
    public void A_warm_step_takes_nothing_from_the_system() => OnReference.Run(backend =>
    {
        using Tensor value = backend.Ones([4, 4]);
        void Step()
        {
            using Tape tape = new(backend);
            Var x = tape.Input(value);
            tape.Backward(x.MatMul(x).Tanh().Sum());
        }

        Step();
        long before = backend.Memory.SystemAllocations;
        Step();
        Assert.AreEqual(before, backend.Memory.SystemAllocations);
    });
}
