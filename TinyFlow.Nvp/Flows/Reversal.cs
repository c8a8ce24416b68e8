using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Flows;

/// <summary>
/// Training whose activation memory does not grow with the number of steps (Gomez et al. 2017, "The reversible residual
/// network"): the forward pass keeps nothing but its result, and the backward pass rebuilds each step's input from its
/// output, computes that step anew, and differentiates it. What it costs in time stands in docs/benchmarks.md; the
/// gradients differ from those of stored activations by the rounding of the inverses.
/// </summary>
internal static class Reversal
{
    /// <summary>y = f(x) and log_det of a training pass as one op that stores y alone.</summary>
    public static (Var Y, Var LogDet) Forward(IFlow flow, Var x)
    {
        Tape outer = x.Tape;
        Tensor y, logDet;
        using (Tape tape = new(outer.Backend, recording: false))
        {
            (Var result, Var resultLogDet) = flow.Forward(tape.Constant(x.Value), Pass.Training);
            y = outer.Own(Taken(result, x.Value));
            logDet = outer.Own(Taken(resultLogDet, x.Value));
        }

        return outer.RecordOwn(y, logDet, (dy, dlogDet) =>
        {
            using Rebuilt input = flow is Chain chain ? chain.Reverse(outer, x.Value, y, dy, dlogDet) : Of(flow, outer, y, dy, dlogDet);
            x.Receive(input.Dx);
        });
    }

    /// <summary>The input of a step and its gradient.</summary>
    public static Rebuilt Of(IFlow step, Tape outer, Tensor y, Tensor dy, Tensor dlogDet)
    {
        if (step is IReversible reversible)
        {
            return reversible.Reverse(outer, y, dy, dlogDet);
        }

        Tensor x;
        using (Tape inverse = new(outer.Backend, recording: false))
        {
            x = Taken(step.Inverse(inverse.Constant(y)), y);
        }

        return Through(step, outer, x, dy, dlogDet);
    }

    /// <summary>The same for a step whose input x has been rebuilt; the result owns it.</summary>
    public static Rebuilt Through(IFlow step, Tape outer, Tensor x, Tensor dy, Tensor dlogDet)
    {
        if (step is IReplayed replayed)
        {
            return replayed.Replay(outer, x, dy, dlogDet);
        }

        Tensor dx = outer.Backend.Allocate(x.Shape, "the gradient of a rebuilt input");
        using Tape tape = outer.Nested();
        (Var again, Var logDet) = step.Forward(tape.Input(x, dx), Pass.Replay);
        tape.BackwardFrom(again, dy, logDet, dlogDet);
        return new Rebuilt(x, dx);
    }

    /// <summary>
    /// The same for a coupling, whose net sees a part of x that is a part of y too: the net is computed once, for the
    /// inverse and for its own gradient.
    /// </summary>
    /// <param name="outer">The tape that is being differentiated.</param>
    /// <param name="y">The output.</param>
    /// <param name="dy">Its gradient.</param>
    /// <param name="dlogDet">The gradient of log_det.</param>
    /// <param name="condition">From y, or x, to the net's result h.</param>
    /// <param name="inverse">x from y and h.</param>
    /// <param name="forward">y and log_det from x and h.</param>
    public static Rebuilt OfCoupling(
        Tape outer, Tensor y, Tensor dy, Tensor dlogDet, Func<Var, Var> condition, Func<Var, Var, Var> inverse, Func<Var, Var, (Var Y, Var LogDet)> forward)
    {
        using Tape tape = outer.Nested();
        using Tensor throughNet = outer.Backend.Allocate(y.Shape, "the gradient of a rebuilt input");
        Tensor dx = outer.Backend.Allocate(y.Shape, "the gradient of a rebuilt input");
        Var kept = tape.Input(y, throughNet), h = condition(kept);
        Tensor x = tape.Detach(inverse(kept, h));
        (Var again, Var logDet) = forward(tape.Input(x, dx), h);
        tape.BackwardFrom(again, dy, logDet, dlogDet);
        outer.Backend.ScaleShift(throughNet, 1, 0, Sink.AddTo(dx));
        return new Rebuilt(x, dx);
    }

    // A flow may return what it was given.
    private static Tensor Taken(Var value, Tensor given) =>
        ReferenceEquals(value.Value, given) ? value.Backend.CopyOf(given) : value.Tape.Detach(value);
}
