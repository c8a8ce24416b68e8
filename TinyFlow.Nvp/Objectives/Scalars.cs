using TinyFlow.Autograd;

namespace TinyFlow.Nvp.Objectives;

internal static class Scalars
{
    /// <summary>A number on a tape, of shape [].</summary>
    public static Var Constant(Tape tape, double value) => tape.Constant(tape.Own(tape.Backend.Scalar(value)));
}
