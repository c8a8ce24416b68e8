using TinyFlow.Autograd;
using TinyFlow.Autograd.Functions;

namespace TinyFlow.Nvp.Flows;

/// <summary>Log-determinants that do not depend on the image.</summary>
internal static class LogDeterminants
{
    /// <summary>0 for each image of x, [N]: for maps that only move elements.</summary>
    public static Var Zero(Var x)
    {
        Tensor zeros = x.Tape.Own("LogDet", [x.Shape[0]], x);
        x.Backend.Fill(zeros, 0);
        return x.Tape.Constant(zeros);
    }

    /// <summary>The sum of the steps' log-determinants, which are not needed any more.</summary>
    public static Var Total(IReadOnlyList<Var> parts)
    {
        Var total = Arithmetic.Total(parts);
        foreach (Var part in parts.Where(part => !ReferenceEquals(part, total)))
        {
            part.Tape.Release(part);
        }

        return total;
    }

    /// <summary>The same for each image: Σ of logScale, C numbers of any shape, over channels and pixels of x [N, C, H, W], as [N].</summary>
    public static Var OfChannels(Var logScale, Var x) =>
        logScale.Sum((double)x.Shape[2] * x.Shape[3]).BroadcastTo([x.Shape[0]]);
}
